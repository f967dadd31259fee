"""`parcela serve`: database, migrations, demo world, then the HTTP server with its workers."""

import asyncio
import contextlib
import errno
import os
import resource
import signal
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from parcela.app import create_app, open_engine
from parcela.cli.database import use_database
from parcela.cli.options import CommandError, say
from parcela.cli.worker_port import WorkerPort
from parcela.http_protocol import BoundedHttpToolsProtocol
from parcela.logs import configure_logs
from parcela.sandbox.setup import prepare_demo_world
from parcela.settings import Settings, load_settings
from parcela.store import schema

_WORKER_APP = "parcela.cli.serve:create_worker_app"
_GRACE_S = 10


def serve(settings: Settings) -> None:
    """Run until a signal ends it."""
    configure_logs(settings.log_format)
    protect_process()
    check_port(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    with use_database(settings) as database_url:
        asyncio.run(prepare(settings, database_url))
        announce(settings)
        if settings.workers == 1:
            run_server(create_app(settings, database_url), settings)
            return
        with tempfile.TemporaryDirectory(prefix="parcela-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            pass_on_settings(settings, database_url)
            run_server(_WORKER_APP, settings)


def announce(settings: Settings) -> None:
    """Say where clients find the server, and where their keys are."""
    say(f"Parcela serves {settings.root_url}, the API documents are at {settings.root_url}/docs.")
    if settings.demo:
        say(f"Keys and passwords of the demo world: {settings.home / 'sandbox' / 'credentials.json'}")
    # Whoever reads the output through a pipe wants it now, not when the server ends.
    sys.stdout.flush()


def check_port(settings: Settings) -> None:
    """Refuse early, and with a sentence, an address on which nobody can listen. Raises CommandError."""
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {settings.port} is in use: end the program that listens on {where}, or choose another "
                "port with --port."
            ) from None
        raise CommandError(
            f"Nobody can listen on {where} ({error.strerror}): choose another address with --host or --port."
        ) from None


def protect_process() -> None:
    """Write no core dumps, which would hold card numbers, and leave on SIGTERM as on any other exit.

    uvicorn finishes its requests on a signal and then raises it again; by default that would end the
    process before it lets go of the embedded database.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


async def prepare(settings: Settings, database_url: str) -> None:
    """Migrate, and make the demo world when it is asked for."""
    await schema.migrate(database_url)
    engine = await open_engine(settings, database_url)
    try:
        if settings.demo:
            await prepare_demo_world(
                engine, settings.home, root_url=settings.root_url, has_issuer=settings.demo_issuer
            )
    finally:
        await engine.database.close()


def run_server(app: Starlette | str, settings: Settings) -> None:
    """uvicorn with uvloop and the bounded HTTP/1.1 protocol; several workers share one port."""
    config = uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=BoundedHttpToolsProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    if settings.workers > 1:
        with WorkerPort.bind_to(settings.host, settings.port) as port:
            Multiprocess(config, sockets=[port]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def pass_on_settings(settings: Settings, database_url: str) -> None:
    """Workers are fresh processes: they read the same settings from the environment."""
    values: dict[str, object] = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
    values["database_url"] = database_url
    for name, value in values.items():
        if value is not None:
            text = str(value.resolve()) if isinstance(value, Path) else str(value)
            os.environ[f"PARCELA_{name.upper()}"] = text


def create_worker_app() -> Starlette:
    """The application of one of several workers."""
    settings = load_settings(os.environ)
    configure_logs(settings.log_format)
    assert settings.database_url is not None
    return create_app(settings, settings.database_url)
