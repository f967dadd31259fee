"""Workers of one server share a port, not a socket."""

import pickle
import select
import socket

import pytest

from parcela.cli.worker_port import WorkerPort


def test_each_worker_gets_connections() -> None:
    with WorkerPort.bind_to("127.0.0.1", 0) as held:
        message = pickle.dumps(held)
        with pickle.loads(message) as first, pickle.loads(message) as second:
            assert {first.getsockname(), second.getsockname()} == {held.getsockname()}
            first.listen(64)
            second.listen(64)
            callers = [socket.create_connection(held.getsockname()) for _ in range(64)]
            # The kernel chooses by the caller's address: that one of two gets all of 64 does not happen.
            ready, _, _ = select.select([first, second], [], [], 1)
            assert {worker.fileno() for worker in ready} == {first.fileno(), second.fileno()}
            for caller in callers:
                caller.close()


def test_the_held_port_takes_no_connections() -> None:
    with (
        WorkerPort.bind_to("127.0.0.1", 0) as held,
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(held.getsockname()),
    ):
        pass


def test_a_port_of_a_stranger_is_refused() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with pytest.raises(OSError, match="Address already in use"):
            WorkerPort.bind_to(*stranger.getsockname())
