"""What the box can do: RSA-2048 private operations a second, and pgbench's TPC-B on the same PostgreSQL."""

import re
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from parcela.store.embedded import EmbeddedServer

CORES = 2
_DATABASE = "pgbench"
_CLIENTS = 8


def measure_rsa(cores: int, seconds: float) -> float:
    """RSA-2048 private operations a second over `cores` processes at once."""
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(_count_signatures, [seconds] * cores))


def _count_signatures(seconds: float) -> float:
    private_key = generate_private_key(public_exponent=65537, key_size=2048)
    padding, algorithm = PKCS1v15(), hashes.SHA256()
    count = 0
    started_s = time.perf_counter()
    while (elapsed_s := time.perf_counter() - started_s) < seconds:
        for _ in range(20):
            private_key.sign(b"benchmark", padding, algorithm)
        count += 20
    return count / elapsed_s


def measure_pgbench(server: EmbeddedServer, *, scale: int, seconds: int) -> float:
    """TPC-B transactions a second of eight clients, in a database of its own."""
    server.drop_database(_DATABASE)
    server.create_database(_DATABASE)
    where = server.connect_kwargs(_DATABASE)
    command = [
        str(server.bin_dir / "pgbench"),
        f"--host={where['host']}",
        f"--port={where['port']}",
        f"--username={where['user']}",
    ]
    _run([*command, "--initialize", "--quiet", f"--scale={scale}", _DATABASE])
    options = [f"--client={_CLIENTS}", f"--jobs={CORES}", f"--time={seconds}", "--protocol=prepared"]
    output = _run([*command, *options, _DATABASE])
    server.drop_database(_DATABASE)
    found = re.search(r"tps = ([\d.]+)", output)
    assert found is not None, output
    return float(found[1])


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
