"""Settings of the network door (`spec/network.md` §18)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """`root_url` is the public base that clients sign: scheme, host, port and any prefix of a proxy."""

    root_url: str
    oauth_window_s: int = 300
    shows_15_days: bool = False
    allows_clear_data: bool = False
    requests_per_second: int = 0
    """A client's limit in this process; 0 for none."""

    @property
    def public_url(self) -> str:
        """The base of this door's own addresses."""
        return f"{self.root_url}/installments"
