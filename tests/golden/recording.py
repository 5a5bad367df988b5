"""The recorded journal and what it must give: reading, replaying, and the digest of the answers.

Promises: the journal is the records as the codec writes them, compressed; the answers are a digest
of every event in order and the hash of the last state. Must not know: which build replays it.
"""

import hashlib
import zlib
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from stockyard.engine.engine import ENGINE_VERSION, Engine
from stockyard.model.codec import encode
from stockyard.model.events import Event
from stockyard.model.records import Record

FOLDER: Final = Path(__file__).resolve().parent
JOURNAL: Final = FOLDER / "journal.bin"
ANSWERS: Final = FOLDER / "answers.json"

_decode = msgspec.msgpack.Decoder(tuple[Record, ...]).decode


class Answers(msgspec.Struct, frozen=True):
    """What replaying the journal must give, and why it was last recorded anew."""

    because: str
    engine_version: str
    inputs: int
    events: dict[str, int]
    events_sha256: str
    state_sha256: str


def read_journal() -> tuple[Record, ...]:
    """The recorded inputs."""
    return _decode(zlib.decompress(JOURNAL.read_bytes()))


def write_journal(records: tuple[Record, ...]) -> None:
    """Keep inputs as the recorded ones."""
    JOURNAL.write_bytes(zlib.compress(encode(records), 9))


def read_answers() -> Answers:
    """The answers as recorded."""
    return msgspec.json.decode(ANSWERS.read_bytes(), type=Answers)


def write_answers(answers: Answers) -> None:
    """Keep answers as the recorded ones."""
    ANSWERS.write_bytes(msgspec.json.format(msgspec.json.encode(answers), indent=2) + b"\n")


def replay(engine: Engine, records: tuple[Record, ...]) -> list[tuple[Event, ...]]:
    """Apply records; the events of each."""
    answers = []
    for record in records:
        out: list[Event] = []
        engine.apply(record.seq, record.ts, record.input, out)
        answers.append(tuple(out))
    return answers


def answers_of(records: tuple[Record, ...], because: str) -> Answers:
    """What a fresh engine answers to a whole journal."""
    engine = Engine()
    digest = hashlib.sha256()
    counts: Counter[str] = Counter()
    for record, events in zip(records, replay(engine, records), strict=True):
        digest.update(encode((record.seq, events)))
        counts.update(type(event).__name__ for event in events)
    return Answers(
        because,
        ENGINE_VERSION,
        len(records),
        dict(sorted(counts.items())),
        digest.hexdigest(),
        engine.state_hash(),
    )
