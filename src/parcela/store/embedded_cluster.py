"""One database cluster on this machine's disk: where it lives, its settings, start and stop.

Callers hold the start lock of `embedded.py`; nothing here guards against a second process.
"""

import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from parcela.store.embedded_binaries import (
    EmbeddedServerError,
    ServerAccount,
    choose_account,
    make_system_directory,
    prepare_programs,
)

SUPERUSER = "parcela"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 99
START_TIMEOUT_S = 300
STOP_TIMEOUT_S = 60

SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements, parameters and refused values may carry secrets: the log gets none of them. A refused
    # statement is the caller's to report, so the level is "log", which is above ERROR on the server.
    "log_min_messages": "log",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

_ADVICE = {
    "No space left on device": "free some space on that disk",
    "could not look up effective user ID": "give the user of this process an entry in /etc/passwd",
    "Permission denied": "let PostgreSQL's user read and write there",
}
# What a start meets while an earlier server, or a child of a killed one, is still ending.
_LINGERING = ("pre-existing shared memory block", "lock file")


class ServerLingersError(EmbeddedServerError):
    """An earlier server of this cluster is still ending, or is a moment from listening: try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Places of one cluster: `private` and `socket_dir` belong to the account alone, `base` to this user."""

    base: Path
    private: Path
    socket_dir: Path
    account: ServerAccount

    @property
    def data(self) -> Path:
        return self.private / "data"

    @property
    def log(self) -> Path:
        return self.private / "postgres.log"


def locate_cluster(directory: Path) -> Cluster:
    """Find the cluster of HOME/postgres, or the place for a new one, and make its private directories."""
    location = directory / "location"
    base = _read_location(location) if location.exists() else directory
    private = base / "cluster"
    account = choose_account(private)
    if not account.can_enter(base):
        if private.exists():
            raise EmbeddedServerError(
                f"PostgreSQL's user can no longer reach its data in {private}:"
                " allow others to enter (chmod o+x) the directories above it."
            )
        base = _make_base_elsewhere(directory)
        private = base / "cluster"
    _make_private(private, account)
    socket_dir = private
    # A comma separates hosts in connection strings, so such a path cannot name a socket either.
    if len(os.fsencode(private / SOCKET_NAME)) > LONGEST_SOCKET_PATH or "," in str(private):
        socket_dir = Path("/tmp") / f"parcela-{_short_hash(private)}"
        _make_private(socket_dir, account)
    return Cluster(base=base, private=private, socket_dir=socket_dir, account=account)


def start_postmaster(cluster: Cluster, bin_dir: Path, settings: Mapping[str, str]) -> None:
    """Start the server, after creating its data on first use; returns when it accepts connections.

    Raises ServerLingersError when an earlier server has not ended yet, else EmbeddedServerError.
    """
    bin_dir, major = prepare_programs(bin_dir, cluster.account)
    if not cluster.data.exists():
        _create_data(cluster, bin_dir)
    data_major = (cluster.data / "PG_VERSION").read_text().strip()
    if data_major != str(major):
        raise EmbeddedServerError(
            f"The data in {cluster.data} was written by PostgreSQL {data_major} and the programs are"
            f" version {major}: use programs of version {data_major}, or set PARCELA_DATABASE_URL."
        )
    _write_settings(cluster, settings)
    if not _postmaster_is_alive(cluster):
        # PostgreSQL trusts the process number in these files, but numbers repeat when a container starts
        # again, and a killed server keeps its own until it is reaped. Children that outlive a killed server
        # are known by their shared memory, not by these files.
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        (cluster.socket_dir / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
    log_size = cluster.log.stat().st_size if cluster.log.exists() else 0
    # Relative paths spare pg_ctl, which goes through a shell, from odd characters in directory names.
    options = ["--pgdata=data", "--log=postgres.log", "--options=-c config_file=../postgresql.conf"]
    result = _run_pg_ctl(cluster, bin_dir, ["start", f"--timeout={START_TIMEOUT_S}", *options])
    if result.returncode != 0:
        output = _read_from(cluster.log, log_size) or result.stderr
        lingers = any(sign in output for sign in _LINGERING)
        raise (ServerLingersError if lingers else EmbeddedServerError)(_explain("start", output, cluster))


def stop_postmaster(cluster: Cluster, bin_dir: Path) -> None:
    """Stop the server, if it runs, by a fast shutdown: sessions are ended, committed data is kept."""
    if not _postmaster_is_alive(cluster):
        return
    bin_dir, _ = prepare_programs(bin_dir, cluster.account)
    options = ["--pgdata=data", "--mode=fast", f"--timeout={STOP_TIMEOUT_S}"]
    result = _run_pg_ctl(cluster, bin_dir, ["stop", *options])
    if result.returncode != 0 and _postmaster_is_alive(cluster):
        raise EmbeddedServerError(_explain("stop", result.stderr, cluster))


def _run_pg_ctl(cluster: Cluster, bin_dir: Path, arguments: list[str]) -> CompletedProcess[str]:
    command = [str(bin_dir / "pg_ctl"), *arguments, "--wait", "--silent"]
    return cluster.account.run(command, directory=cluster.private)


def _read_location(location: Path) -> Path:
    base = Path(location.read_text().splitlines()[0])
    if not base.is_dir():
        raise EmbeddedServerError(
            f"{location} says that the database is in {base}, which does not exist: restore that directory,"
            f" or delete {location} to begin with an empty database."
        )
    return base


def _make_base_elsewhere(directory: Path) -> Path:
    """Choose a fresh place under /var/lib/parcela and note it in HOME/postgres/location."""
    # Never an earlier directory of the same HOME: its data was sealed with keys that are gone with that HOME.
    base = Path(tempfile.mkdtemp(prefix=f"{_short_hash(directory)}-", dir=make_system_directory()))
    base.chmod(0o755)
    (directory / "location").write_text(
        f"{base}\n\nThe database of this PARCELA_HOME is in the directory named above,"
        " because the user that PostgreSQL runs as may not enter this one.\n"
    )
    return base


def _make_private(path: Path, account: ServerAccount) -> None:
    """Make a directory that only the account may enter, or verify that an existing one is so."""
    # Access to the socket and to the data is guarded by these permissions alone (trust authentication).
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        status = path.lstat()
        if (
            not stat.S_ISDIR(status.st_mode)
            or status.st_mode & 0o077
            or status.st_uid not in (account.uid, os.geteuid())
        ):
            raise EmbeddedServerError(
                f"{path} is not a private directory of PostgreSQL's user (id {account.uid}): start Parcela as"
                " the user who created it, or choose another PARCELA_HOME."
            ) from None
    if os.geteuid() == 0:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _create_data(cluster: Cluster, bin_dir: Path) -> None:
    """Run initdb in a staging directory and rename it, so that a half-made cluster is never used."""
    staging = cluster.private / "data.new"
    if staging.exists():
        shutil.rmtree(staging)
    options = ["--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
    options += [f"--username={SUPERUSER}", "--auth-local=trust", "--auth-host=reject"]
    command = [str(bin_dir / "initdb"), f"--pgdata={staging.name}", *options]
    result = cluster.account.run(command, directory=cluster.private)
    if result.returncode != 0:
        raise EmbeddedServerError(_explain("create its data", result.stderr, cluster))
    staging.rename(cluster.data)


def _write_settings(cluster: Cluster, settings: Mapping[str, str]) -> None:
    """Write postgresql.conf beside the private directory, where the server reads but cannot change it."""
    fixed = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(cluster.socket_dir),
        "unix_socket_permissions": "0700",
    }
    lines = ["# Written by Parcela at every start. Use ALTER SYSTEM for settings of your own."]
    for name, value in {**SETTINGS, **settings, **fixed}.items():
        escaped = value.replace("\\", "\\\\").replace("'", "''")
        lines.append(f"{name} = '{escaped}'")
    path = cluster.base / "postgresql.conf"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)


def _postmaster_is_alive(cluster: Cluster) -> bool:
    """Whether postmaster.pid names a PostgreSQL server, and not a later bearer of its number."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return False
    try:
        if not Path("/proc/self").exists():
            os.kill(pid, 0)
            return True
        # A killed server that nobody reaped keeps its number, with an empty command line.
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].endswith(b"/postgres")
    except (FileNotFoundError, ProcessLookupError):
        return False


def _explain(action: str, output: str, cluster: Cluster) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it gave no reason"]
    found = re.search(r"(?:FATAL|error): +(.*)", output)
    reason = found[1] if found else lines[-1]
    advice = next((advice for sign, advice in _ADVICE.items() if sign in output), f"see {cluster.log}")
    return f"PostgreSQL could not {action} in {cluster.private} ({reason}): {advice}."


def _read_from(path: Path, position: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(position)
        return file.read().decode(errors="replace")


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
