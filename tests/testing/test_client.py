"""The Python client against a real server, and against one that misbehaves."""

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stockyard.client import ApiError, Client, number_text
from stockyard.testing.world import ServedWorld, quiet_config


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWorld]:
    config = quiet_config(
        data=tmp_path_factory.mktemp("world"), market="none", calendar="always", profile="ideal"
    )
    served = ServedWorld(config, in_memory=True)
    yield served
    served.stop()


@pytest.fixture
def client(world: ServedWorld) -> Iterator[Client]:
    who = world.new_account("Ann")
    with Client(world.url, who.key_id, who.secret_key) as found:
        yield found


def limit(client: Client, **said: Any) -> Any:
    return client.orders.place(
        "BTC/USD", "buy", "0.5", type="limit", time_in_force="gtc", limit_price="100.5", **said
    )


def test_an_order_is_placed_read_replaced_and_canceled(client: Client) -> None:
    placed = limit(client, client_order_id="first")
    assert (placed.status, placed.qty, placed.limit_price) == ("new", "0.5", "100.50")
    assert client.orders.read(placed.id).client_order_id == "first"
    other = client.orders.replace(placed.id, limit_price=Decimal("99.25"), qty=1)
    assert (other.replaces, other.limit_price, other.qty) == (placed.id, "99.25", "1")
    assert [one.id for one in client.orders.all("open")] == [other.id]
    assert client.orders.cancel(other.id).status == "canceled"
    assert [one.status for one in client.orders.all("closed", symbol="BTC/USD")] == [
        "canceled",
        "replaced",
    ]
    assert [one.event for one in client.orders.story(other.id)][-1] == "canceled"


def test_every_open_order_is_canceled(client: Client) -> None:
    mine = {limit(client).id, limit(client).id}
    assert {one.id for one in client.orders.cancel_all("BTC/USD")} == mine
    assert client.orders.cancel_all() == []


def test_cash_moves(client: Client) -> None:
    assert client.accounts.read().cash == "100000.00"
    assert client.accounts.deposit("0.25").cash_after == "100000.25"
    assert client.accounts.withdraw(Decimal("100")).cash_after == "99900.25"
    assert client.accounts.reset(5000).cash == "5000.00"
    assert client.accounts.portfolio().equity == "5000.00"
    assert [one.kind for one in client.accounts.activities(limit=2)] == ["reset", "withdrawal"]
    assert client.accounts.change(kind="margin").kind == "margin"


def test_nothing_is_held_and_nothing_quoted_at_first(client: Client) -> None:
    assert client.positions.all() == []
    assert client.quote("BTC/USD").bid is None
    assert [one.symbol for one in client.quotes(["AAPL", "BTC/USD"])] == ["AAPL", "BTC/USD"]
    assert client.bars("AAPL", "1m", limit=10).bars == []
    assert client.health().status == "ok"
    assert client.clock().is_open


def test_a_refusal_says_what_was_wrong_and_what_would_be_right(client: Client) -> None:
    with pytest.raises(ApiError) as told:
        client.orders.place("BTC/USD", "buy", 10, type="limit", limit_price=100_000)
    error = told.value
    assert (error.status, error.code) == (403, "exceeds_buying_power")
    assert error.required == "1000000.00"
    assert error.available == "100000.00"
    assert "needs more cash" in error.wrong
    assert "lower the quantity" in error.right
    assert "lower the quantity" in str(error)
    with pytest.raises(ApiError) as told:
        client.positions.read("AAPL")
    assert (told.value.status, told.value.code) == (404, "no_position")


def test_a_float_is_not_money() -> None:
    with pytest.raises(TypeError, match=r"189\.25"):
        number_text(1.5)  # type: ignore[arg-type]
    assert [number_text(one) for one in ("1.50", 2, Decimal("3E+2"))] == ["1.50", "2", "300"]


def test_events_go_on_after_the_one_named(client: Client) -> None:
    first = limit(client).id
    token = client.orders.story(first)[0].token
    second, third = limit(client).id, limit(client).id
    events = client.events(channels=["quotes"], symbols=["AAPL"], after=token)
    orders = (event for event in events if event.name == "order")
    heard = [next(orders), next(orders)]
    events.close()
    assert [one.data["order"]["id"] for one in heard] == [second, third]
    again = client.events(after=heard[0].id)
    after = next(event for event in again if event.name == "order")
    again.close()
    assert after.data["order"]["id"] == third


class Moody(BaseHTTPRequestHandler):
    """Answers as its server is told to; None: closes the connection without an answer."""

    protocol_version = "HTTP/1.1"
    moods: list[tuple[int, dict[str, Any] | bytes] | None]
    seen: list[tuple[str, str, str | None]]

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.seen.append((self.command, self.path, self.headers.get("Idempotency-Key")))
        mood = self.moods.pop(0)
        if mood is None:
            self.close_connection = True
            return
        status, said = mood
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


Mood = Callable[..., tuple[Client, list[tuple[str, str, str | None]]]]


@pytest.fixture
def moody() -> Iterator[Mood]:
    servers: list[Any] = []

    def serve(*moods: Any) -> tuple[Client, list[tuple[str, str, str | None]]]:
        handler = type("Handler", (Moody,), {"moods": list(moods), "seen": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = Client(f"http://127.0.0.1:{server.server_port}", "k", "s", timeout_s=5)
        servers.append((server, thread, client))
        return client, handler.seen  # type: ignore[attr-defined]

    yield serve
    for server, thread, client in servers:
        client.close()
        server.shutdown()
        server.server_close()
        thread.join()


BUSY = {"code": "overloaded", "wrong": "too many wait", "right": "try again", "status": 503}
TRANSFER = {
    "id": "1", "account_id": "2", "kind": "deposit", "amount": "1.00", "cash_after": "2.00",
    "created_at": "2026-01-05T14:30:00.000000000Z",
}  # fmt: skip


def test_what_has_a_key_is_sent_again_under_the_same_key(moody: Mood) -> None:
    client, seen = moody(None, (503, BUSY), (500, b"oops"), (201, TRANSFER))
    assert client.accounts.deposit(1).cash_after == "2.00"
    assert len(seen) == 4
    keys = {key for _, _, key in seen}
    assert len(keys) == 1
    assert len(keys.pop() or "") == 32


def test_a_refusal_is_not_sent_again(moody: Mood) -> None:
    client, seen = moody((403, {"code": "exceeds_withdrawable_cash", "wrong": "no", "right": "l"}))
    with pytest.raises(ApiError, match="exceeds_withdrawable_cash"):
        client.accounts.withdraw(1)
    assert len(seen) == 1


def test_what_has_no_key_and_does_something_is_sent_once(moody: Mood) -> None:
    client, seen = moody(None)
    with pytest.raises(ApiError) as told:
        client.transport.ask("POST", "/api/v1/sim/notes", Any, {"text": "x"})
    assert (told.value.status, told.value.code, told.value.retryable) == (0, "no_answer", True)
    assert len(seen) == 1


def test_at_last_it_gives_up(moody: Mood) -> None:
    client, seen = moody(*[(503, BUSY)] * 4)
    with pytest.raises(ApiError, match="overloaded"):
        client.accounts.read()
    assert len(seen) == 4


def test_what_is_no_stockyard_is_told_as_that(moody: Mood) -> None:
    client, _ = moody((404, b"<html>"), (200, b"<html>"))
    for _ in range(2):
        with pytest.raises(ApiError, match="see whether") as told:
            client.accounts.read()
        assert told.value.code == "unreadable_answer"


def test_where_nobody_is(tmp_path: Any) -> None:
    with Client("http://127.0.0.1:1", tries=1) as client, pytest.raises(ApiError, match="running"):
        client.health()
    with pytest.raises(ApiError, match=r"demo\.json"):
        Client.of_directory(tmp_path)
