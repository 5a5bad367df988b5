"""The server's HTTP connection, which refuses in the house's words what is no HTTP.

Promises: also a request that cannot be read gets a problem with ``X-Request-ID``. Must not know:
any path.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stockyard.api.heads import new_request_id
from stockyard.api.problems import PROBLEM_TYPE, Problem


class DoorProtocol(HttpToolsProtocol):
    """uvicorn's connection."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what came and hang up."""
        request_id = new_request_id()
        body = Problem(400, "invalid_request", "this is not an HTTP request", "send HTTP/1.1").body(
            request_id
        )
        head = (
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: %s\r\ncontent-length: %d\r\n"
            b"x-request-id: %s\r\nconnection: close\r\n\r\n"
        ) % (PROBLEM_TYPE, len(body), request_id.encode())
        self.transport.write(head + body)
        self.transport.close()
