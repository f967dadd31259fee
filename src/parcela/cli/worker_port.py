"""One port for several workers, each with a listening socket of its own, so that the kernel spreads
connections evenly. On one shared socket the worker that wakes first accepts a whole burst of connections,
and keeps all of their requests for as long as they live.
"""

import socket
from typing import Self


class WorkerPort(socket.socket):
    """A bound socket that becomes a new one, bound to the same port, in the process it is sent to.

    The one that stays behind never listens: it only holds the port for workers that start later.
    """

    @classmethod
    def bind_to(cls, host: str, port: int) -> Self:
        """Bind; raises OSError."""
        bound = cls(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
        return bound

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        host, port = self.getsockname()[:2]
        return WorkerPort.bind_to, (host, port)
