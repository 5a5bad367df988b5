"""Goal: what is encoded decodes to the same. Method: random messages of every type."""

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.model.codec import decode_events, decode_record, decode_state, encode
from stockyard.model.codes import AssetClass
from stockyard.model.commands import Command
from stockyard.model.events import Event
from stockyard.model.facts import Fact
from stockyard.model.instruments import FeeRule, Instrument, MarginTerms, VenueProfile
from stockyard.model.records import Origin, Record
from stockyard.model.state import EngineState

COMMANDS = get_args(Command)
FACTS = get_args(Fact)
EVENTS = get_args(Event)
ABOVE_ZERO = st.integers(1, 2**63 - 1)
ANY = st.integers(-(2**63), 2**63 - 1)
NOT_BELOW_ZERO = st.integers(0, 2**63 - 1)
TEXT = st.text(max_size=8)
PART = st.integers(0, 10**6)


def instruments(
    asset_class: st.SearchStrategy[int], *terms: st.SearchStrategy[Any]
) -> st.SearchStrategy[Instrument]:
    """Instruments of a class, with what follows whether they are tradable."""
    return st.builds(
        Instrument, ANY, TEXT, TEXT, asset_class, TEXT, ANY, st.integers(0, 9), st.integers(6, 9),
        ABOVE_ZERO, ABOVE_ZERO, ANY, ABOVE_ZERO, ABOVE_ZERO, ABOVE_ZERO, ANY, ANY, ANY,
        st.booleans(), *terms,
    )  # fmt: skip


# Structs that refuse values no engine could compute with.
BOUNDED: dict[Any, st.SearchStrategy[Any]] = {
    FeeRule: st.builds(
        FeeRule, ANY, ANY, ANY, NOT_BELOW_ZERO, NOT_BELOW_ZERO, NOT_BELOW_ZERO, ABOVE_ZERO
    ),
    VenueProfile: st.builds(
        VenueProfile, ANY, ANY, TEXT, st.just(True), st.booleans(), ANY, st.integers(1, 10**6),
        st.integers(0, 20), NOT_BELOW_ZERO, NOT_BELOW_ZERO, st.integers(1, 3), NOT_BELOW_ZERO,
        st.integers(0, 9999), st.integers(0, 10**6), st.integers(0, 10**6), st.booleans(),
        st.booleans(), st.integers(0, 10**6),
    ),
    Instrument: instruments(ANY.filter(lambda each: each != AssetClass.CRYPTO_PERP))
    | instruments(
        st.just(AssetClass.CRYPTO_PERP), st.booleans(), TEXT, st.integers(10, 100),
        st.integers(1, 10), st.integers(1, 9999), st.integers(0, 999_999), ABOVE_ZERO,
        st.integers(0, 10**9 - 1),
    ),
    MarginTerms: st.builds(
        MarginTerms, PART, NOT_BELOW_ZERO, PART, NOT_BELOW_ZERO, NOT_BELOW_ZERO, NOT_BELOW_ZERO,
        NOT_BELOW_ZERO, st.just(0), st.just(0), NOT_BELOW_ZERO, NOT_BELOW_ZERO, ABOVE_ZERO,
        NOT_BELOW_ZERO,
    ),
}  # fmt: skip


def made_from(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type: whole range of integers, any text, nested structs and tuples."""
    if kind is int:
        return st.integers(-(2**63), 2**64 - 1)
    if kind is str:
        return st.text(max_size=8)
    if kind is bytes:
        return st.binary(max_size=16)
    if kind is bool:
        return st.booleans()
    if kind is type(None):
        return st.none()
    if get_origin(kind) in (Union, UnionType):
        return st.one_of([made_from(each) for each in get_args(kind)])
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return st.lists(made_from(inner[0]), max_size=2).map(tuple)
        return st.tuples(*(made_from(each) for each in inner))
    assert issubclass(kind, msgspec.Struct), kind
    if kind in BOUNDED:
        return BOUNDED[kind]
    return st.builds(kind, *(made_from(each) for each in get_type_hints(kind).values()))


@pytest.mark.parametrize("kind", COMMANDS + FACTS, ids=lambda kind: kind.__name__)
def test_an_input_comes_back_in_its_record(kind: type) -> None:
    @given(made_from(kind), st.none() | made_from(Origin), st.integers(0, 2**57))
    def check(message: Any, origin: Origin | None, seq: int) -> None:
        record = Record(seq, seq, seq, message, origin)
        back = decode_record(encode(record))
        assert back == record
        assert type(back.input) is kind

    check()


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_comes_back(kind: type) -> None:
    @given(st.lists(made_from(kind), max_size=3).map(tuple))
    def check(events: tuple[Any, ...]) -> None:
        assert decode_events(encode(events)) == events

    check()


@given(made_from(EngineState))
def test_a_state_comes_back(state: EngineState) -> None:
    assert decode_state(encode(state)) == state


def test_a_record_without_its_last_field_still_decodes() -> None:
    """Old journals lack the fields that were added at the end."""
    record = Record(1, 2, 3, FACTS[2]())
    fields = msgspec.msgpack.decode(encode(record))
    assert fields[-1] is None
    assert decode_record(msgspec.msgpack.encode(fields[:-1])) == record


def test_unknown_tags_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_record(msgspec.msgpack.encode([1, 2, 3, [31]]))
    with pytest.raises(msgspec.ValidationError):
        decode_events(msgspec.msgpack.encode([[99, 1]]))
