"""Where stages report: who is let in, what is taken, and how a stage begins."""

from typing import Any

import msgspec
import pytest

from stockyard.model.stages import StageReport, StageTerms
from stockyard.model.ticks import TradeTick
from tests.api.rig import NOW, Answer, Rig

AAPL = 1
SHARE = 10**9


class Inside(Rig):
    """A rig that lets stages in."""

    def __init__(self) -> None:
        super().__init__(internal_token="inner")

    async def report(self, body: bytes, **headers: str) -> Answer:
        """Send a body as a stage does."""
        said = {"authorization": "Bearer inner", "content-type": "application/json", **headers}
        return await self.call("POST", "/internal/agg-update", body=body, headers=said)


@pytest.fixture(name="inside")
def _inside() -> Inside:
    return Inside()


def body(sequence: int = 1, **said: Any) -> bytes:
    """A report with one trade."""
    ticks = [TradeTick(AAPL, "a", 2_000_000 + sequence, 100 * SHARE, NOW, 7)]
    return msgspec.json.encode(StageReport("one", 7, sequence, **{"ticks": ticks, **said}))


async def test_without_a_credential_in_the_settings_there_is_no_way_in() -> None:
    for method, path in (("POST", "/internal/agg-update"), ("GET", "/internal/agg-terms")):
        answer = await Rig().call(method, path, headers={"authorization": "Bearer "})
        assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer outer", "Basic inner", "inner"])
async def test_a_wrong_credential(inside: Inside, given: str) -> None:
    answer = await inside.report(body(), authorization=given)
    assert (answer.status, answer.json["code"]) == (401, "invalid_credentials")
    answer = await inside.call("GET", "/internal/agg-terms", headers={"authorization": given})
    assert answer.status == 401


async def test_a_report_is_taken_once(inside: Inside) -> None:
    """The engine hears of its trades once, whatever is sent again."""
    for sequence, known in ((1, False), (1, True), (2, False), (1, True)):
        answer = await inside.report(body(sequence))
        assert (answer.status, answer.json) == (200, {"known": known})
    inside.world.writer.drain()
    assert inside.world.tally.trades == 2
    assert inside.app.internal is not None
    assert (inside.app.internal.taken, inside.app.internal.known) == (2, 2)
    text = (await inside.call("GET", "/metrics")).body.decode()
    assert 'stage_reports_total{outcome="known"} 2.0' in text


@pytest.mark.parametrize(
    ("sent", "headers", "status", "code"),
    [
        (b"", {}, 422, "invalid_report"),
        (b"\xff", {}, 422, "invalid_report"),
        (b"{}", {}, 422, "invalid_report"),
        (msgspec.json.encode(["one", 7]), {}, 422, "invalid_report"),
        (body(), {"content-type": "text/plain"}, 415, "unsupported_media_type"),
    ],
)
async def test_what_is_no_report(
    inside: Inside, sent: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await inside.report(sent, **headers)
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_a_stage_of_an_earlier_run_is_refused(inside: Inside) -> None:
    """It was replaced, and should end."""
    await inside.report(body())
    old = msgspec.json.encode(StageReport("one", 6, 9))
    answer = await inside.report(old)
    assert (answer.status, answer.json["code"]) == (409, "stage_refused")


async def test_terms_hold_what_a_stage_needs(inside: Inside) -> None:
    """Instruments, calendars and the bars of before."""
    said = {"authorization": "Bearer inner"}
    answer = await inside.call("GET", "/internal/agg-terms", headers=said)
    terms = msgspec.json.decode(answer.body, type=StageTerms)
    assert {one.symbol for one in terms.instruments} >= {"AAPL", "BTC/USD"}
    assert set(terms.calendars.values()) == {"xnys", "always"}
    assert terms.bars == []
    assert (await inside.call("GET", "/internal/else", headers=said)).status == 404
