"""Watchlists in Alpaca's words: all verbs by id and by name, one storage with the native API."""

from urllib.parse import quote

import pytest

from tests.api.alpaca.bot import Bot, refused
from tests.api.rig import Rig

LISTS = "/v2/watchlists"
MINE = {"name": "My list", "symbols": ["MSFT", "BTCUSD", "AAPL"]}


def names(watchlist: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["symbol"] for each in watchlist["assets"]]


@pytest.mark.parametrize("by_name", [False, True])
async def test_every_verb(rig: Rig, bot: Bot, by_name: bool) -> None:
    made = (await bot.call("POST", LISTS, MINE)).json
    assert names(made) == ["MSFT", "BTC/USD", "AAPL"]
    path = f"{LISTS}:by_name?name={quote(MINE['name'])}" if by_name else f"{LISTS}/{made['id']}"
    assert await bot.get(path) == made
    added = (await bot.call("POST", path, {"symbol": "TSLA"})).json
    assert names(added) == ["MSFT", "BTC/USD", "AAPL", "TSLA"]
    for symbol in ("BTC%2FUSD", "AAPL"):
        taken = await bot.call("DELETE", f"{LISTS}/{made['id']}/{symbol}")
        assert taken.status == 200
    assert names(taken.json) == ["MSFT", "TSLA"]
    changed = await bot.call("PUT", path, {"name": None, "symbols": ["TSLA", "AAPL"]})
    assert (changed.json["name"], names(changed.json)) == ("My list", ["TSLA", "AAPL"])
    native = (await bot.trader.call("GET", "/watchlists")).json
    assert [each["symbols"] for each in native] == [["TSLA", "AAPL"]]
    rig.restart()
    (listed,) = await bot.get(LISTS)
    assert "assets" not in listed
    assert listed == {key: x for key, x in changed.json.items() if key != "assets"}
    assert (await bot.call("DELETE", path)).status == 204
    assert await bot.get(LISTS) == []
    assert refused(await bot.call("GET", path)) == (404, 40410000)


async def test_a_foreign_list_does_not_exist(rig: Rig, bot: Bot) -> None:
    made = (await bot.call("POST", LISTS, MINE)).json
    other = await Bot.made(rig, "bob@example.com")
    assert await other.get(LISTS) == []
    for method, body in (
        ("GET", None), ("PUT", {"name": "x"}), ("POST", {"symbol": "AAPL"}), ("DELETE", None),
    ):  # fmt: skip
        for path in (f"{LISTS}/{made['id']}", f"{LISTS}:by_name?name=My+list"):
            assert refused(await other.call(method, path, body)) == (404, 40410000)
    gone = await other.call("DELETE", f"{LISTS}/{made['id']}/AAPL")
    assert refused(gone) == (404, 40410000)
    assert await bot.get(f"{LISTS}/{made['id']}") == made


async def test_what_cannot_be_is_refused(bot: Bot) -> None:
    made = (await bot.call("POST", LISTS, MINE)).json
    one = f"{LISTS}/{made['id']}"
    for method, path, body, status, code in (
        ("POST", LISTS, MINE, 422, 42210000),
        ("POST", LISTS, {"symbols": []}, 422, 40010001),
        ("POST", LISTS, {"name": "x" * 65}, 422, 42210000),
        ("POST", LISTS, {"name": "x", "symbols": ["NOPE"]}, 422, 42210000),
        ("POST", LISTS, {"name": 5}, 400, 40010000),
        ("PUT", one, {}, 422, 40010001),
        ("POST", one, {"symbol": None}, 422, 40010001),
        ("DELETE", one + "/TSLA", None, 404, 40410000),
        ("DELETE", one + "/NOPE", None, 404, 40410000),
        ("GET", f"{LISTS}:by_name", None, 422, 40010001),
        ("GET", f"{LISTS}/x", None, 404, 40410000),
    ):
        answer = await bot.call(method, path, body)
        assert refused(answer) == (status, code), (method, path, answer)


async def test_lists_are_limited(bot: Bot) -> None:
    for number in range(100):
        assert (await bot.call("POST", LISTS, {"name": f"list {number}"})).status == 200
    answer = await bot.call("POST", LISTS, {"name": "one more"})
    assert refused(answer) == (403, 40310000)
