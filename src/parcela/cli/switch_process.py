"""Running the card switch and the simulated issuer host until a signal ends them."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from prometheus_client import start_http_server

from parcela.app import find_schema_problem, open_engine
from parcela.cli.acting import read_settings
from parcela.cli.database import use_database
from parcela.cli.options import CommandError, say
from parcela.cli.serve import protect_process
from parcela.connectors.iso8583.enrichment import PlanPlace
from parcela.connectors.iso8583.fields import FieldSpecError, load_field_spec
from parcela.connectors.iso8583.framing import LengthHeader
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.connectors.iso8583.switch import Switch
from parcela.connectors.simulated.issuer_host import HostOptions, SimulatedIssuerHost
from parcela.logs import configure_logs
from parcela.operations.account_book import AccountBook
from parcela.operations.authorization_book import AuthorizationBook
from parcela.operations.engine import Engine
from parcela.operations.simulated_book import RecordedBook
from parcela.operations.switch_records import EngineRecords
from parcela.settings import Settings

_BOOKS: Mapping[str, Callable[[Engine], AuthorizationBook]] = {"accounts": AccountBook, "own": RecordedBook}


def read_address(text: str) -> Address:
    """`HOST:PORT`. Raises CommandError."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) < 65536:
        raise CommandError(f"An address is HOST:PORT, such as 127.0.0.1:8583, not {text!r}.")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def make_options(settings: Settings) -> SwitchOptions:
    """The settings as the switch needs them. Raises CommandError for a specification that cannot be used."""
    tag = settings.switch_plan_subelement
    try:
        spec = load_field_spec(settings.switch_field_spec)
    except FieldSpecError as fault:
        raise CommandError(str(fault)) from None
    return SwitchOptions(
        spec=spec,
        header=LengthHeader(settings.switch_length_header),
        place=PlanPlace(element=settings.switch_plan_element, tag=None if tag == "none" else tag),
        lookup_timeout_s=settings.switch_lookup_timeout_ms / 1000,
        host_timeout_s=settings.switch_host_timeout_seconds,
        late_window_s=settings.switch_late_window_seconds,
        signs_on=settings.switch_sign_on,
    )


def serve_switch(
    home: Path | None, listen: Address, hosts: Sequence[Address], *, metrics_port: int | None
) -> None:
    """Serve acquirers until a signal comes."""
    settings = read_settings(home=home)
    options = make_options(settings)

    async def work(engine: Engine) -> None:
        switch = Switch(options, EngineRecords(engine), hosts=hosts)
        try:
            bound = await _listen(switch.start, listen)
            names = ", ".join(map(str, hosts))
            await _serve_until_signal(
                f"The switch takes card messages at {bound}, the issuer host is {names}."
            )
        finally:
            await switch.close()

    if metrics_port is not None:
        start_http_server(metrics_port, addr="127.0.0.1")
    _run(settings, work)


def serve_host(home: Path | None, listen: Address, *, book: str, late_after_s: int) -> None:
    """Serve as an issuer host until a signal comes."""
    settings = read_settings(home=home)
    given = make_options(settings)
    if book not in _BOOKS:
        raise CommandError(f"A book is {' or '.join(_BOOKS)}, not {book!r}.")
    options = HostOptions(spec=given.spec, header=given.header, place=given.place, late_after_s=late_after_s)

    async def work(engine: Engine) -> None:
        host = SimulatedIssuerHost(options, _BOOKS[book](engine))
        try:
            bound = await _listen(host.start, listen)
            await _serve_until_signal(f"The simulated issuer host takes card messages at {bound}.")
        finally:
            await host.close()

    _run(settings, work)


async def _listen(start: Callable[[Address], Awaitable[Address]], listen: Address) -> Address:
    try:
        return await start(listen)
    except OSError as error:
        raise CommandError(
            f"Nobody can listen on {listen} ({error.strerror}): choose another --listen."
        ) from None


async def _serve_until_signal(announcement: str) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    say(announcement)
    # Whoever reads the output through a pipe wants it now, not when the server ends.
    sys.stdout.flush()
    await ended.wait()


def _run(settings: Settings, work: Callable[[Engine], Awaitable[None]]) -> None:
    """Run with an engine on the database of these settings, on the loop that the API uses."""
    import uvloop

    configure_logs(settings.log_format)
    protect_process()

    async def main(url: str) -> None:
        problem = await find_schema_problem(url)
        if problem is not None:
            raise CommandError(problem)
        engine = await open_engine(settings, url)
        try:
            await work(engine)
        finally:
            await engine.database.close()

    with use_database(settings) as url:
        uvloop.run(main(url))
