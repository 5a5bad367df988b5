"""The clients' processes as the kernel shows them: another process, over a real connection."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stockyard.runtime.peers import Ends, LinuxPeers

CLIENT = """
import socket, sys, time
one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    word = one.recv(1)
    if word == b"w":
        begun = time.monotonic()
        while time.monotonic() - begun < 0.3:
            pass
    elif word == b"s":
        time.sleep(0.3)
    elif word == b"a":
        one.sendall(b"answer")
    elif not word:
        break
"""


@contextmanager
def connected() -> Iterator[tuple[socket.socket, LinuxPeers]]:
    """A client in a process of its own, and who looks at it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = subprocess.Popen([sys.executable, "-c", CLIENT, str(port)])
        try:
            ours, _ = server.accept()
            peers = LinuxPeers.open(lambda: [Ends(ours.getsockname(), ours.getpeername())])
            assert peers is not None
            with ours:
                yield ours, peers
            peers.close()
        finally:
            client.wait()


def until(peers: LinuxPeers, word: str, seconds: float = 5.0) -> str:
    """Look until a word is in what is said; what was said then."""
    deadline = time.monotonic() + seconds
    while word not in (said := peers.busy()) or bool(said) != bool(word):
        assert time.monotonic() < deadline, said
    return said


def test_a_client_that_sleeps_with_nothing_to_read_is_quiet() -> None:
    with connected() as (_, peers):
        until(peers, "")
        assert (peers.seen, peers.unseen) == (1, 0)


def test_a_client_that_works_is_busy_however_long_it_says_nothing() -> None:
    with connected() as (ours, peers):
        until(peers, "")
        ours.sendall(b"w")
        begun = time.monotonic()
        assert peers.busy()
        until(peers, "works")
        until(peers, "")
        assert time.monotonic() - begun > 0.2


def test_a_client_that_has_not_read_is_busy_though_it_sleeps() -> None:
    with connected() as (ours, peers):
        until(peers, "")
        ours.sendall(b"s")
        until(peers, "")
        ours.sendall(b"?")
        assert "has not read everything" in peers.busy()
        until(peers, "")


def test_what_a_client_has_sent_is_taken_in_first() -> None:
    with connected() as (ours, peers):
        until(peers, "")
        ours.sendall(b"a")
        until(peers, "has sent something")
        assert ours.recv(6) == b"answer"
        until(peers, "")


def test_a_client_in_this_process_cannot_be_seen() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(server.getsockname())
    far, _ = server.accept()
    with server, near, far:
        peers = LinuxPeers.open(lambda: [Ends(far.getsockname(), near.getsockname())])
        assert peers is not None
        assert peers.busy() == ""
        assert (peers.seen, peers.unseen) == (0, 1)
        peers.close()
