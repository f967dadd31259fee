"""Real `parcela` processes, killed without warning and started again at once, as a supervisor would."""

import asyncio
import contextlib
import math
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from parcela.store.embedded_binaries import find_bin_dir, prepare_programs
from parcela.store.embedded_cluster import locate_cluster

_START_S = 60.0
_STOP_S = 20.0
_PAUSE_S = 0.2
_CALL_S = 0.02
_LOOK_S = 0.05
_PATIENCE = 0.98
"""The share of looks that spare a process which is still starting."""
_PARCELA = (sys.executable, "-c", "from parcela.cli.main import run; run()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A process that was killed, and when by the event loop's clock; `in_act`: while it sent something."""

    name: str
    at_s: float
    in_act: bool


@dataclass(slots=True, kw_only=True)
class KeptProcess:
    """A command that is started again whenever it ends; `own_ends` are codes of ends not caused by us."""

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    log_file: Path
    port: int | None = None
    own_ends: list[int] = field(default_factory=list)
    end_code: int | None = None
    _process: asyncio.subprocess.Process | None = None
    _log_bytes: int = 0
    _is_killed: bool = False
    _is_ending: bool = False
    _keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The number of the process that runs now, or ran last."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and keep it running from now on."""
        self._keeper = asyncio.create_task(self._keep())

    def kill(self, *, only_up: bool = False) -> bool:
        """SIGKILL it, whatever it is doing; False when it is not there, or not as far as it has to be.

        It is up once it has said something.
        """
        process = self._process
        if process is None or process.returncode is not None or self._is_killed:
            return False
        if only_up and self.log_file.stat().st_size == self._log_bytes:
            return False
        self._is_killed = True
        process.kill()
        return True

    async def wait_ready(self) -> None:
        """Wait until it answers at its port. Raises TimeoutError."""
        assert self.port is not None, f"{self.name} has no port"
        url = f"http://127.0.0.1:{self.port}/readyz"
        async with asyncio.timeout(_START_S), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End it as an operator would, and keep it no longer; `end_code` tells how it ended."""
        self._is_ending = True
        process, keeper = self._process, self._keeper
        if process is None or keeper is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(asyncio.shield(keeper), _STOP_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await keeper
        self.end_code = process.returncode

    async def _keep(self) -> None:
        while not self._is_ending:
            with self.log_file.open("ab") as log:
                self._log_bytes = log.tell()
                self._process = await asyncio.create_subprocess_exec(
                    *_PARCELA, *self.arguments, env=self.environ, stdout=log, stderr=log
                )
            if self._is_ending:
                self._process.terminate()
            code = await self._process.wait()
            if not self._is_killed and not self._is_ending:
                self.own_ends.append(code)
                await asyncio.sleep(_PAUSE_S)
            self._is_killed = False


@asynccontextmanager
async def keep_all() -> AsyncIterator[list[KeptProcess]]:
    """A list to put processes into; all of them are ended with the block."""
    kept: list[KeptProcess] = []
    try:
        yield kept
    finally:
        await asyncio.gather(*[process.stop() for process in kept])


async def kill_at_random(
    targets: Sequence[KeptProcess],
    chance: random.Random,
    *,
    count: int,
    duration_s: float,
    most_s: float = math.inf,
    catch_sender: Callable[[], Awaitable[int | None]] | None = None,
) -> list[Kill]:
    """Kill processes that `chance` chooses, at instants that it chooses: as many as `count` in `most_s`.

    With `catch_sender`, which waits for a message and gives the local port that sends it, every second kill
    takes the sender, a few milliseconds into its call. Of the others most wait until a process has come up,
    or a slow machine would never get beyond starting them.
    """
    clock = asyncio.get_running_loop()
    started_s = clock.time()
    kills: list[Kill] = []
    for number, after_s in enumerate(sorted(chance.uniform(0, duration_s) for _ in range(count))):
        await asyncio.sleep(max(0.0, started_s + after_s - clock.time()))
        target, in_act = None, False
        if catch_sender is not None and number % 2 == 0 and (port := await catch_sender()) is not None:
            target = find_owner(targets, port)
            in_act = target is not None
            await asyncio.sleep(chance.uniform(0, _CALL_S))
        while target is None or not target.kill(only_up=not in_act and chance.random() < _PATIENCE):
            target, in_act = chance.choice(targets), False
            await asyncio.sleep(_LOOK_S)
            if clock.time() > started_s + most_s:
                return kills
        kills.append(Kill(name=target.name, at_s=clock.time(), in_act=in_act))
    return kills


def find_owner(processes: Sequence[KeptProcess], port: int) -> KeptProcess | None:
    """The process whose connection begins at this local port, by what the kernel says of its sockets."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    sockets = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}")}
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
                if str(descriptor.readlink()) in sockets:
                    return process
    return None


async def run_parcela(environ: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run a command to its end; gives its code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *_PARCELA, *arguments, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


def make_environ(**settings: str) -> dict[str, str]:
    """The environment of a process, with these settings of Parcela and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
    return {**kept, **{f"PARCELA_{name.upper()}": value for name, value in settings.items()}}


def find_lasting_port() -> int:
    """A free port that no outgoing connection is given meanwhile: its server is away now and then."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def crash_database(home: Path) -> None:
    """End every process of a home's PostgreSQL at once, as a crash does, and start it again."""
    _control_database(home, "restart", "--mode=immediate")


def pause_database(home: Path, seconds: float) -> None:
    """The same, and start it again after a while."""
    _control_database(home, "stop", "--mode=immediate")
    time.sleep(seconds)
    # A restart of what does not run starts it as it ran before.
    _control_database(home, "restart")


def _control_database(home: Path, *words: str) -> None:
    cluster = locate_cluster(home.resolve() / "postgres")
    bin_dir, _ = prepare_programs(find_bin_dir(), cluster.account)
    options = ["--pgdata=data", "--log=postgres.log", "--wait", "--silent"]
    done = cluster.account.run([bin_dir / "pg_ctl", *words, *options], directory=cluster.private)
    if done.returncode != 0:
        raise RuntimeError(f"PostgreSQL did not start again: {done.stderr}")
