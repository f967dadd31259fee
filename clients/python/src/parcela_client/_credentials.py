"""The file of credentials that a demo server writes, or the same members as a dictionary."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parcela_client._errors import NotConfigured


def read_credentials(source: str | Path | Mapping[str, Any]) -> tuple[dict[str, Any], Path]:
    """The members, and the folder that their file names start from: the server's home, or the present one."""
    if isinstance(source, Mapping):
        return dict(source), Path.cwd()
    file = Path(source)
    try:
        members = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise NotConfigured(f"The credentials {str(file)!r} cannot be read: {fault.strerror}.") from fault
    except ValueError as fault:
        raise NotConfigured(f"The credentials {str(file)!r} are no JSON.") from fault
    # The file lies in `HOME/sandbox`, and its paths are relative to HOME.
    return members, file.resolve().parent.parent


def pick(members: Mapping[str, Any], *path: str) -> Any:
    """A member inside; `NotConfigured` names the first one that is missing."""
    value: Any = members
    for depth, name in enumerate(path, start=1):
        if not isinstance(value, Mapping) or name not in value:
            raise NotConfigured(f"The credentials have no member {'.'.join(path[:depth])!r}.")
        value = value[name]
    return value
