"""The example service over a real socket, called by the official libraries."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import requests
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.issuer_wire import make_key, make_network
from tests.support.live_server import find_free_port
from tests.support.network_client import OfficialClient
from tests.support.samples import edit, load_sample

from parcela.operations.keys import render_public_pem

EXAMPLE = Path(__file__).parents[2] / "examples" / "issuer_app.py"
SAMPLE = load_sample("parcela-notification-request")


def load_example() -> ModuleType:
    spec = spec_from_file_location("issuer_app", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def serve_example(folder: Path, port: int) -> Iterator[None]:
    (folder / "network.pem").write_text(render_public_pem(make_key("signing").public_key()))
    pem = make_key("decryption").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "decryption.pem").write_bytes(pem)
    environ = {
        "NETWORK_KEY": str(folder / "network.pem"),
        "DECRYPTION_KEY": str(folder / "decryption.pem"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CID": "242666",
        "PLAN_FILE": str(folder / "plans.sqlite"),
    }
    app = load_example().create_app(environ)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


def test_the_example_takes_a_plan_in_once_beside_its_own_routes(tmp_path: Path) -> None:
    port = find_free_port()
    root_url = f"http://127.0.0.1:{port}"
    network = OfficialClient(make_network(tmp_path, f"{root_url}/installments"))
    with serve_example(tmp_path, port):
        answers = [network.call("POST", "/notifications", SAMPLE) for _ in range(2)]
        assert [(answer.status, answer.body) for answer in answers] == [
            (201, load_sample("notification-response"))
        ] * 2
        other = network.call("POST", "/notifications", edit(SAMPLE, {"offerId": "87654321"}))
        assert (other.status, other.body["status"]) == (201, "FAILURE")
        assert network.call("POST", "/offers", SAMPLE).status == 404
        assert requests.post(f"{root_url}/installments/notifications", json={}, timeout=30).status_code == 401
        assert requests.get(f"{root_url}/plans", timeout=30).json() == [
            {
                "plan_id": SAMPLE["planId"],
                "last_four": "3789",
                "currency": "USD",
                "total_minor": 40000,
                "rows": 6,
            }
        ]
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("plans.sqlite*"))
    assert b"5110921032063789" not in stored and json.dumps(SAMPLE["planId"]).strip('"').encode() in stored
