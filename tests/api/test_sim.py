"""Test controls: nothing without leave, and everything in the journal."""

from stockyard.model.facts import ControlUsed
from tests.api.rig import Rig, Trader

NOTE = {"text": "the gap begins here"}


async def test_without_leave_there_are_no_controls(rig: Rig, ann: Trader) -> None:
    answer = await ann.call("POST", "/sim/notes", NOTE)
    assert (answer.status, answer.json["code"]) == (403, "controls_not_allowed")
    assert "--controls" in answer.json["detail"]
    assert (await rig.call("GET", "/health")).json["controls"] is False


async def test_a_key_without_the_scope_uses_no_control() -> None:
    rig = Rig(controls=True)
    ann = await rig.trader()
    pair = await rig.key(ann.headers, scopes=["read", "trade"])
    answer = await rig.call("POST", "/api/v1/sim/notes", NOTE, headers=pair)
    assert (answer.status, answer.json["code"]) == (403, "scope_missing")
    assert (await rig.call("POST", "/api/v1/sim/notes", NOTE)).status == 401


async def test_a_control_stands_in_the_journal_with_who_used_it() -> None:
    rig = Rig(controls=True)
    ann = await rig.trader()
    answer = await ann.call("POST", "/sim/notes", NOTE)
    assert answer.status == 201
    (record,) = rig.world.journal.read(answer.json["seq"] - 1)
    assert record.input == ControlUsed("note", "the gap begins here")
    assert record.origin is not None
    assert record.origin.actor.startswith("user:")
    assert (await rig.call("GET", "/health")).json["controls"] is True
    rig.restart()
    assert rig.world.engine.seq == record.seq


async def test_a_note_has_a_size() -> None:
    rig = Rig(controls=True)
    ann = await rig.trader()
    for text in ("", "x" * 4_001):
        answer = await ann.call("POST", "/sim/notes", {"text": text})
        assert (answer.status, answer.json["code"]) == (422, "invalid_note")
    assert (await ann.call("POST", "/sim/notes", {"text": "x" * 4_000})).status == 201
