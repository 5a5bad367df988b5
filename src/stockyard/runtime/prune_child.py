"""The process that replays a journal up to an archived state, for a server that goes on meanwhile.

Run with the directory and the seq; prints the base. Must not know: what becomes of it.
"""

import sys
from pathlib import Path

import msgspec

from stockyard.runtime.idle import end_with_parent, give_way
from stockyard.runtime.pruning import PruningRefused, only_one, prepare
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.ports import Base, StorageError

MODULE = "stockyard.runtime.prune_child"


def base_of(told: bytes) -> Base:
    """The base that the process printed."""
    return msgspec.msgpack.decode(told, type=Base)


def main() -> None:
    """Prepare a base and print it."""
    give_way()
    end_with_parent()
    directory, seq = Path(sys.argv[1]), int(sys.argv[2])
    try:
        with only_one(directory):
            target = Archive(directory / FOLDER_NAME).before(seq)
            if target is None or target.seq != seq:
                raise PruningRefused(f"there is no whole archived snapshot at seq {seq}")
            base = prepare(directory, target, lambda _: None)
    except (StorageError, OSError, AssertionError) as error:
        sys.exit(str(error) or type(error).__name__)
    sys.stdout.buffer.write(msgspec.msgpack.encode(base))


if __name__ == "__main__":
    main()
