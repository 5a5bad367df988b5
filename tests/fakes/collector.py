"""A server of this machine that takes whatever is posted to it, as collectors do."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import NamedTuple


class Posted(NamedTuple):
    """What was posted: the path, and the body unpacked."""

    path: str
    body: bytes


class Collector:
    """What came in, in order; ``status`` is what is answered."""

    def __init__(self, port: int) -> None:
        self.port, self.status = port, 200
        self.posted: Queue[Posted] = Queue()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def next(self) -> Posted:
        return self.posted.get(timeout=10)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Serve until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found.posted.put(Posted(self.path, body))
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(server.server_address[1])
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
