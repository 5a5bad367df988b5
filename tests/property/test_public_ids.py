"""Goal: a public id is a valid UUID that leads back; no other does. Method: round trips."""

from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from stockyard.model.ids import PublicIds

WORLD = PublicIds("0123456789abcdef0123456789abcdef")
OTHER = PublicIds("1123456789abcdef0123456789abcdef")
KINDS = st.integers(0, 15)
SEQS = st.integers(0, 2**62 - 1)
INDEXES = st.integers(0, 2**28 - 1)


@given(KINDS, SEQS, INDEXES)
@example(15, 2**62 - 1, 2**28 - 1)
@example(1, 0, 0)
def test_an_id_leads_back(kind: int, seq: int, index: int) -> None:
    text = WORLD.text(kind, seq, index)
    assert WORLD.parse(kind, text) == (seq, index)
    assert WORLD.parse(kind, text.upper()) == (seq, index)
    parsed = UUID(text)
    assert str(parsed) == text
    assert parsed.version == 8
    assert parsed.variant == "specified in RFC 4122"


@given(KINDS, SEQS, INDEXES, KINDS)
def test_an_id_of_another_world_or_kind_leads_nowhere(
    kind: int, seq: int, index: int, other: int
) -> None:
    assert OTHER.parse(kind, WORLD.text(kind, seq, index)) is None
    if other != kind:
        assert WORLD.parse(other, WORLD.text(kind, seq, index)) is None


@given(st.text(max_size=40) | st.uuids().map(str), KINDS)
@example("", 1)
@example("00000000-0000-0000-0000-000000000000", 0)
def test_junk_leads_nowhere(text: str, kind: int) -> None:
    assert WORLD.parse(kind, text) is None


@given(st.tuples(KINDS, SEQS, INDEXES), st.tuples(KINDS, SEQS, INDEXES))
def test_two_things_never_share_an_id(one: tuple[int, int, int], two: tuple[int, int, int]) -> None:
    assert (WORLD.text(*one) == WORLD.text(*two)) == (one == two)
