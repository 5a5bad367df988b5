"""Goal: the engine answers as it always has, compiled or not. Method: replay a recorded journal."""

from typing import get_args

import pytest

from stockyard.engine.engine import ENGINE_VERSION, Engine, state_hash
from stockyard.model.codec import decode_state, encode
from stockyard.model.commands import Command
from stockyard.model.events import Event
from stockyard.model.facts import Fact
from tests.engine_audit import audit_state
from tests.golden.recording import JOURNAL, answers_of, read_answers, read_journal, replay
from tests.golden.regenerate import INPUTS, JOURNAL_BYTES_MAX

CHANGED = (
    "The engine answers the recorded journal otherwise. If that is meant, change ENGINE_VERSION "
    'and record anew: python -m tests.golden.regenerate --because "the reason"'
)


def test_the_answers_are_the_recorded_ones() -> None:
    recorded = read_answers()
    assert answers_of(read_journal(), recorded.because) == recorded, CHANGED
    assert recorded.engine_version == ENGINE_VERSION
    assert recorded.because.strip()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_snapshot_on_the_way_leads_to_the_same_end(part: float) -> None:
    records = read_journal()
    middle = int(len(records) * part)
    whole = replay(Engine(), records)
    first = Engine()
    replay(first, records[:middle])
    state = first.snapshot()
    audit_state(state)
    second = Engine(decode_state(encode(state)))
    assert replay(second, records[middle:]) == whole[middle:]
    assert state_hash(second.snapshot()) == read_answers().state_sha256


def test_the_journal_holds_something_of_everything() -> None:
    """Every command, every fact and every event, and often; and it is small."""
    records = read_journal()
    assert len(records) >= INPUTS
    assert JOURNAL.stat().st_size < JOURNAL_BYTES_MAX
    sent = {type(record.input) for record in records}
    assert sent == {*get_args(Command), *get_args(Fact)}
    events = read_answers().events
    assert set(events) == {kind.__name__ for kind in get_args(Event)}
    assert events["OrderFilled"] > INPUTS // 20
