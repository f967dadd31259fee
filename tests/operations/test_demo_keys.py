"""The demo world's key files after a process was killed while it wrote them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ROOT_URL, DemoTemplate, RunWithEngine

from parcela.domain.clients import KeyPurpose
from parcela.operations.engine import Engine
from parcela.operations.keys import compute_key_name
from parcela.sandbox import keys
from parcela.sandbox.setup import ISSUER_CODE, PARTNER_CODE, prepare_demo_world


@pytest.fixture
def home(demo_template: DemoTemplate) -> Iterator[Path]:
    """A copy of the demo world's keys, to be changed."""
    with tempfile.TemporaryDirectory(prefix="parcela-keys-") as folder:
        yield shutil.copytree(demo_template.home, Path(folder) / "home")


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_certificate_that_was_cut_off_is_made_anew(run: RunWithEngine, home: Path, share: float) -> None:
    file = home / "sandbox" / "server-encryption.crt"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])

    async def start_again(engine: Engine) -> None:
        await prepare_demo_world(engine, home, root_url=ROOT_URL)
        public_key = keys.read_certificate_key(file)
        assert public_key is not None
        name = compute_key_name(public_key)
        seen = await engine.look()
        for code in (PARTNER_CODE, ISSUER_CODE):
            client = seen.snapshot.clients[code]
            live = seen.snapshot.list_live_keys(
                client.client_id, KeyPurpose.PLATFORM_DECRYPTION, now=seen.real_now
            )
            assert [key.name for key in live] == [name]

    run(start_again)


def test_a_whole_certificate_is_kept(run: RunWithEngine, home: Path) -> None:
    file = home / "sandbox" / "server-encryption.crt"
    whole = file.read_bytes()

    async def start_again(engine: Engine) -> None:
        await prepare_demo_world(engine, home, root_url=ROOT_URL)

    run(start_again)
    assert file.read_bytes() == whole
