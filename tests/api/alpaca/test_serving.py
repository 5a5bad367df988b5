"""What is the same for all of Alpaca's paths: credentials, limits, unknown places, counts."""

import pytest

from stockyard.api.alpaca.errors import DENIALS, of_problem
from stockyard.api.alpaca.routing import Call, Reply, Route, Router
from stockyard.api.problems import rule_problem
from stockyard.model.denials import DENY_RULES
from tests.api.alpaca.bot import Bot, check_shape, refused
from tests.api.rig import SECOND, Rig, basic

NOBODY = "00000000-0000-8000-8000-000000000000"


@pytest.mark.parametrize("kind", ["pair", "basic", "bearer"])
async def test_three_kinds_of_credentials(bot: Bot, kind: str) -> None:
    made = (await bot.trader.order()).json["id"]
    session = await bot.rig.sign_in()
    headers = {"pair": bot.key, "basic": basic(bot.key), "bearer": session}[kind]
    answer = await bot.rig.call("GET", f"/v2/orders/{made}", headers=headers)
    assert answer.status == 200
    assert answer.json["id"] == made


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"APCA-API-KEY-ID": "AK"},
        {"APCA-API-KEY-ID": "AK", "APCA-API-SECRET-KEY": "no"},
        {"Authorization": "Bearer no"},
        {"Authorization": "Basic bm86bm8="},
        {"Authorization": "Digest x"},
    ],
)
async def test_without_credentials_the_answer_is_401(rig: Rig, headers: dict[str, str]) -> None:
    answer = await rig.call("GET", f"/v2/orders/{NOBODY}", headers=headers)
    check_shape(answer)
    assert refused(answer) == (401, 40110000)


async def test_a_key_without_the_scope_is_forbidden(rig: Rig, bot: Bot) -> None:
    blind = await rig.key(bot.trader.headers, scopes=["trade"])
    answer = await rig.call("GET", f"/v2/orders/{NOBODY}", headers=blind)
    assert refused(answer) == (403, 40310000)


async def test_an_unknown_path_is_told_in_alpacas_shape(bot: Bot) -> None:
    for path in ("/v2/nothing", "/v2/", "/v1beta3/x", "/v3/x", "/v2/orders/a/b/c", "/v1/x"):
        assert refused(await bot.call("GET", path)) == (404, 40410000)


async def test_a_wrong_method_is_told_which_are_right(bot: Bot) -> None:
    answer = await bot.call("PUT", f"/v2/orders/{NOBODY}")
    assert refused(answer) == (405, 40510000)
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


async def test_head_has_the_headers_of_get_and_no_body(bot: Bot) -> None:
    made = (await bot.trader.order()).json["id"]
    got = await bot.call("GET", f"/v2/orders/{made}")
    head = await bot.call("HEAD", f"/v2/orders/{made}")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


async def test_a_bad_parameter_says_what_would_be_right(bot: Bot) -> None:
    answer = await bot.call("GET", f"/v2/orders/{NOBODY}?nested=perhaps")
    assert refused(answer) == (422, 40010001)
    assert "true or false" in answer.json["message"]


async def test_parameters_nobody_knows_are_ignored(bot: Bot) -> None:
    made = (await bot.trader.order()).json["id"]
    assert (await bot.get(f"/v2/orders/{made}?foo=1&nested=False"))["id"] == made


async def test_requests_are_counted_and_told() -> None:
    rig = Rig(alpaca_requests_per_minute=2)
    rig.quote("AAPL", 189.99, 190.01)
    bot = await Bot.made(rig)
    path = f"/v2/orders/{NOBODY}"
    first, second, third = [await bot.call("GET", path) for _ in range(3)]
    assert [x.headers["x-ratelimit-remaining"] for x in (first, second, third)] == ["1", "0", "0"]
    assert refused(third) == (429, 42910000)
    assert first.headers["x-ratelimit-limit"] == "2"
    begun = rig.clock.time_ns
    assert third.headers["x-ratelimit-reset"] == str(begun // SECOND + 60)
    rig.clock.time_ns = begun + 30 * SECOND - 1
    assert (await bot.call("GET", path)).status == 429
    rig.clock.time_ns = begun + 30 * SECOND
    again = await bot.call("GET", path)
    assert (again.status, again.headers["x-ratelimit-remaining"]) == (404, "0")
    assert (await bot.call("GET", path)).status == 429
    rig.clock.time_ns += 3600 * SECOND
    assert (await bot.call("GET", path)).headers["x-ratelimit-remaining"] == "1"
    rig.clock.time_ns -= 1800 * SECOND
    assert (await bot.call("GET", path)).headers["x-ratelimit-remaining"] == "1"


async def test_the_limit_is_of_an_account() -> None:
    rig = Rig(alpaca_requests_per_minute=1)
    ann, bob = await Bot.made(rig), await Bot.made(rig, "bob@example.com")
    path = f"/v2/orders/{NOBODY}"
    another = Bot(rig, ann.trader, await rig.key(ann.trader.headers))
    assert (await ann.call("GET", path)).status == 404
    assert (await another.call("GET", path)).status == 429
    assert (await bob.call("GET", path)).status == 404


async def test_requests_are_counted_by_route(bot: Bot) -> None:
    await bot.call("GET", f"/v2/orders/{NOBODY}")
    await bot.call("GET", "/v2/nothing")
    counted = bot.rig.app.requests.answered
    assert counted["GET", "/v2/orders/{order_id}", 404] == 1
    assert counted["GET", "unmatched", 404] == 1


async def test_a_page_of_another_site_changes_nothing(bot: Bot) -> None:
    answer = await bot.call("POST", "/v2/orders", {}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


def test_every_rule_of_the_house_has_its_row() -> None:
    assert DENIALS.keys() == DENY_RULES.keys()
    for code, rule in DENY_RULES.items():
        told = of_problem(rule_problem(code))
        assert told.status == DENIALS[code].status
        assert 400 <= told.status < 429
        assert told.reason == rule.word
        assert "{required}" not in told.message


def test_the_most_exact_pattern_is_found() -> None:
    async def handle(call: Call) -> Reply:
        return Reply(200)

    patterns = ("/v2/p", "/v2/p/{id}", "/v2/p/{symbol:path}/x", "/v2/p:by", "/v2/q/{symbol:path}")
    router = Router([Route("GET", pattern, None, handle) for pattern in patterns])
    found = {
        path: (router.find(path)[0].pattern, router.find(path)[1])
        for path in ("/v2/p", "/v2/p/1", "/v2/p/A/B/x", "/v2/p:by", "/v2/q/BTC/USD")
    }
    assert found == {
        "/v2/p": ("/v2/p", {}),
        "/v2/p/1": ("/v2/p/{id}", {"id": "1"}),
        "/v2/p/A/B/x": ("/v2/p/{symbol}/x", {"symbol": "A/B"}),
        "/v2/p:by": ("/v2/p:by", {}),
        "/v2/q/BTC/USD": ("/v2/q/{symbol}", {"symbol": "BTC/USD"}),
    }
