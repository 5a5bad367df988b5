"""The real process: first trade, clean stop, restart, refusals to start, recorded markets."""

import asyncio
import http.client
import json
import stat
import subprocess
import sys
import time
from pathlib import Path

import websockets

from stockyard.storage.sqlite import SqliteDatabase, SqliteSnapshots, read_journal
from tests.e2e.running import Client, Running

ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "time_in_force": "day"}


def first_quote(client: Client, symbol: str) -> None:
    """Wait, by asking, until a symbol is quoted."""
    for _ in range(2_000):
        if client.get(f"/api/v1/quotes/{symbol}")["ask"] is not None:
            return
    raise AssertionError(f"{symbol} is never quoted")


def test_first_trade_sign_in_and_health(server: Running, client: Client) -> None:
    first_quote(client, "AAPL")
    status, order = client.ask("POST", "/api/v1/orders", ORDER)
    assert (status, order["status"], order["filled_qty"]) == (201, "filled", "1")
    signed_in = {"email": server.demo["email"], "password": server.demo["password"]}
    status, session = client.ask("POST", "/api/v1/auth/login", signed_in)
    assert status == 200
    assert set(session) >= {"token", "expires_at", "user"}
    bearer = {"Authorization": f"Bearer {session['token']}"}
    status, found = client.ask("GET", f"/api/v1/orders/{order['id']}", headers=bearer)
    assert (status, found["id"]) == (200, order["id"])
    health = client.get("/health")
    assert health["status"] == "ok"
    assert health["seq"] > 0


def test_the_demo_file_is_for_its_owner_only_and_survives_a_restart(server: Running) -> None:
    path = server.data / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = server.demo
    assert set(before) == {"url", "email", "password", "api_key", "api_secret"}
    server.kill()
    server.start()
    assert {**server.demo, "url": ""} == {**before, "url": ""}
    client = server.connect()
    assert client.get("/api/v1/account")["cash"] == "100000.00"
    client.close()


def test_a_stop_ends_event_streams_with_a_reason(server: Running) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    connection.request("GET", "/api/v1/events?channels=quotes,trades,bars,views&window=1s")
    answer = connection.getresponse()
    seen: set[str] = set()
    while not {"event: quotes", "event: trades", "event: bars", "event: views"} <= seen:
        seen.add(answer.readline().decode().strip())
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 10
    text = answer.read().decode()
    assert text.endswith("\n\n")
    last = text.strip().rpartition("data: ")[2]
    assert json.loads(last) == {
        "type": "end", "code": 1001, "reason": "this Stockyard is stopping",
    }  # fmt: skip
    connection.close()


def test_a_clean_stop_leaves_a_snapshot_and_no_tail(server: Running, client: Client) -> None:
    first_quote(client, "AAPL")
    for n in range(5):
        client.ask("POST", "/api/v1/orders", {**ORDER, "client_order_id": f"stop-{n}"})
    assert server.stop() == 0
    snapshots = SqliteSnapshots(server.data / "snapshots.db")
    snapshot = snapshots.load()
    snapshots.close()
    assert snapshot is not None
    assert list(read_journal(server.data / "journal.db", snapshot.seq)) == []
    server.start()
    again = server.connect()
    listed = again.get("/api/v1/orders?status=all")
    assert {o["client_order_id"] for o in listed} == {f"stop-{n}" for n in range(5)}
    again.close()


def test_a_stop_closes_streams_with_a_reason(server: Running) -> None:
    async def watch() -> tuple[int, str]:
        url = server.demo["url"].replace("http", "ws") + "/api/v1/stream"
        async with websockets.connect(url) as stream:
            assert json.loads(await stream.recv())["type"] == "connected"
            await asyncio.to_thread(server.stop)
            await stream.wait_closed()
            return stream.close_code or 0, stream.close_reason or ""

    code, reason = asyncio.run(watch())
    assert code in (1001, 1012)
    assert "stopping" in reason


def test_a_second_process_on_the_same_directory_is_refused(server: Running) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "stockyard", "serve", "--port", "0", "--data", str(server.data)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert str(server.process.pid) in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert server.command("verify").returncode == 1


def test_without_demo_there_is_no_demo_user(tmp_path: Path) -> None:
    data = tmp_path / "data"
    arguments = ["serve", "--port", "0", "--data", str(data), "--no-demo", "--market", "none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "stockyard", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    process.terminate()
    process.communicate(timeout=30)
    assert said.startswith("Stockyard is running on http://127.0.0.1:")
    assert process.returncode == 0
    assert not (data / "demo.json").exists()


def test_a_wrong_call_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    for arguments, said in (
        (["serve", "--market", "moon"], "expected simulated, none, or replay:"),
        (["serve", "--port", "99999"], "expected 0 to 65535"),
        (["serve", "--market", "replay:csv:nowhere.csv"], "nowhere.csv"),
        (["verify"], "no journal.db"),
    ):
        called = subprocess.run(
            [sys.executable, "-m", "stockyard", *arguments, "--data", str(tmp_path / "none")],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert called.returncode == 2, called.stderr
        assert said in called.stderr
        assert len(called.stderr.strip().splitlines()) == 1


def test_a_recording_is_served_as_a_live_market(tmp_path: Path) -> None:
    rows = ["ts,symbol,bid,ask,bid_size,ask_size"]
    rows += [f"2013-10-07T14:00:{s:02}Z,IBM,181.{s:02},181.{s + 2:02},500,500" for s in range(50)]
    recording = tmp_path / "ibm.csv"
    recording.write_text("\n".join(rows) + "\n")
    server = Running(
        tmp_path / "data", "--market", f"replay:csv:{recording}", "--speed", "0", starting_cash=9999
    )
    client = server.connect()
    try:
        while client.get("/api/v1/quotes/IBM")["bid"] != "181.49":
            continue
        clock = client.get("/api/v1/clock")
        assert clock["timestamp"].startswith("2013-10-07T14:00:49")
        status, order = client.ask("POST", "/api/v1/orders", {**ORDER, "symbol": "IBM"})
        assert (status, order["filled_avg_price"]) == (201, "181.51")
        assert order["created_at"].startswith("2013-10-07T14:00:49")
    finally:
        client.close()
        server.kill()


def test_verify_and_rebuild_after_the_query_tables_were_damaged(
    server: Running, client: Client
) -> None:
    first_quote(client, "AAPL")
    status, order = client.ask("POST", "/api/v1/orders", ORDER)
    assert status == 201
    assert server.stop() == 0
    (server.data / "projections.db").unlink()
    rebuilt = server.command("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    verified = server.command("verify")
    assert verified.returncode == 0, verified.stdout
    assert "whole" in verified.stdout
    server.start()
    again = server.connect()
    assert again.get(f"/api/v1/orders/{order['id']}")["status"] == "filled"
    again.close()


def test_verify_names_the_altered_record(server: Running, client: Client) -> None:
    first_quote(client, "AAPL")
    assert server.stop() == 0
    journal = server.data / "journal.db"
    content = bytearray(journal.read_bytes())
    at = content.rfind(b"AAPL")
    assert at > 0
    content[at : at + 4] = b"MSFT"
    journal.write_bytes(content)
    verified = server.command("verify")
    assert verified.returncode == 1
    assert "seq" in verified.stdout + verified.stderr


def test_a_damaged_journal_is_refused_and_repaired(server: Running, client: Client) -> None:
    first_quote(client, "AAPL")
    for _ in range(2):
        status, _ = client.ask("POST", "/api/v1/orders", ORDER)
        assert status == 201
    assert server.stop() == 0
    journal = server.data / "journal.db"
    content = bytearray(journal.read_bytes())
    content[content.rfind(b"demo") + 1] ^= 1
    journal.write_bytes(content)
    whole = server.command("verify")
    assert whole.returncode == 1
    told = server.command("repair")
    assert told.returncode == 1
    assert "Nothing was changed" in told.stdout
    assert "altered" in told.stdout
    assert journal.read_bytes() == content
    repaired = server.command("repair", "--accept-loss")
    assert repaired.returncode == 0, repaired.stderr
    [aside] = server.data.glob("damaged-*")
    assert (aside / "journal.db").read_bytes() == content
    assert server.command("repair").stdout.startswith("The journal is whole")
    server.start()
    again = server.connect()
    first_quote(again, "AAPL")
    again.close()
    assert server.stop() == 0
    verified = server.command("verify")
    assert "the journal" not in verified.stdout


def test_damaged_tables_and_snapshots_are_set_aside_and_made_again(
    server: Running, client: Client
) -> None:
    first_quote(client, "AAPL")
    status, order = client.ask("POST", "/api/v1/orders", ORDER)
    assert status == 201
    assert server.stop() == 0
    for name in ("projections.db", "snapshots.db"):
        path = server.data / name
        path.write_bytes(b"x" * 100 + path.read_bytes()[100:])
    refused = server.command("verify")
    assert refused.returncode == 1
    assert "stockyard rebuild" in refused.stderr
    rebuilt = server.command("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert rebuilt.stdout.count("set aside:") == 2
    server.start()
    again = server.connect()
    assert again.get(f"/api/v1/orders/{order['id']}")["status"] == "filled"
    again.close()
    assert server.stop() == 0
    verified = server.command("verify")
    assert verified.returncode == 0, verified.stdout


def test_verify_misses_the_owner_of_an_account(server: Running) -> None:
    assert server.stop() == 0
    people = SqliteDatabase(server.data / "people.db", durable=True)
    for table in ("api_keys", "sessions", "account_owners"):
        people.execute(f"DELETE FROM {table}")
    people.close()
    verified = server.command("verify")
    assert verified.returncode == 1
    assert "knows no owner of 1 accounts" in verified.stdout


def test_files_are_for_their_owner_alone(server: Running) -> None:
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for path in server.data.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_port_in_use_and_a_data_file_are_one_line(server: Running, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for arguments, said in (
        (["--port", str(server.port), "--data", str(tmp_path / "other")], "choose another"),
        (["--port", "0", "--data", str(tmp_path / "file")], "as a directory"),
    ):
        called = subprocess.run(
            [sys.executable, "-m", "stockyard", "serve", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert called.returncode == 2, called.stderr
        assert said in called.stderr
        assert len(called.stderr.strip().splitlines()) == 1


def test_a_recording_that_has_ended_can_be_served_again(tmp_path: Path) -> None:
    recording = tmp_path / "ibm.csv"
    recording.write_text(
        "ts,symbol,bid,ask,bid_size,ask_size\n"
        "2013-10-07T14:00:00Z,IBM,181.00,181.02,500,500\n"
        "2013-10-07T14:00:01Z,IBM,181.01,181.03,500,500\n"
    )
    server = Running(tmp_path / "data", "--market", f"replay:csv:{recording}", "--speed", "1000")
    client = server.connect()
    while client.get("/api/v1/quotes/IBM")["bid"] != "181.01":
        continue
    status, order = client.ask("POST", "/api/v1/orders", {**ORDER, "symbol": "IBM"})
    assert status == 201
    client.close()
    server.stop()
    server.start()
    client = server.connect()
    assert client.get(f"/api/v1/orders/{order['id']}")["id"] == order["id"]
    client.close()
    server.stop()


def test_explain_tells_the_story_from_the_directory(server: Running, client: Client) -> None:
    first_quote(client, "AAPL")
    status, order = client.ask("POST", "/api/v1/orders", ORDER)
    assert status == 201
    story = client.get(f"/api/v1/orders/{order['id']}/story")
    assert server.command("explain", order["id"]).returncode == 1
    assert server.stop() == 0
    explained = server.command("explain", order["id"])
    assert explained.returncode == 0, explained.stderr
    lines = explained.stdout.splitlines()
    assert [line.strip() for line in lines[1::2]] == [chapter["text"] for chapter in story]
    unknown = server.command("explain", "no-such-order")
    assert unknown.returncode == 2
    assert "there is no order no-such-order" in unknown.stderr
