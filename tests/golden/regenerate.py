"""Records the golden answers anew: ``python -m tests.golden.regenerate --because "the reason"``.

The reason is kept beside the answers, and a reviewer reads it. ``--new-journal`` also makes new
inputs, from a seed; without it the old inputs stay and only the answers change.
"""

import argparse

from stockyard.model import events as e
from stockyard.model.records import Record
from tests.engine_terms import ALL_PROFILES, CREDIT, WITH_PERP
from tests.engine_world import World
from tests.golden.recording import answers_of, read_journal, write_answers, write_journal
from tests.random_inputs import RandomInputs

SEED = 35
INPUTS = 6_000
JOURNAL_BYTES_MAX = 200_000


def _violate_good_faith(world: World, account: int) -> None:
    """Sell what was bought with proceeds to come, which chance hardly ever does."""
    world.quote("ACME", "100.00x1000", "100.00x1000")
    for side in ("buy", "sell", "buy", "sell"):
        world.order(side, "30", "ACME", account=account)


def new_journal(seed: int = SEED, inputs: int = INPUTS) -> tuple[Record, ...]:
    """A world with accounts under every profile, and a few thousand mixed inputs."""
    world = World(cash="2000000", profiles=ALL_PROFILES, credit=CREDIT, instruments=WITH_PERP)
    for name in ("strict", "queued", "improved"):
        world.open_account("500000", name, owner=name)
    world.open_account("2000000", "realistic")
    world.open_account("30000", "realistic", owner="bob", kind="margin")
    world.open_account("9000", "ideal", owner="bob", kind="margin")
    world.open_account("4000", "ideal", owner="cat")
    _violate_good_faith(world, len(world.accounts))
    source = RandomInputs(seed, world.engine.snapshot(), bounds=0.004)
    journal = list(world.journal)
    for _ in range(inputs):
        seq, ts, message = source.next()
        out: list[e.Event] = []
        world.engine.apply(seq, ts, message, out)
        source.see(out)
        journal.append((seq, ts, message))
    return tuple(Record(seq, ts, ts, message) for seq, ts, message in journal)


def main() -> None:
    """Write the answers, and the journal when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--because", required=True, help="why the answers may change")
    parser.add_argument("--new-journal", action="store_true", help="make new inputs as well")
    parser.add_argument("--seed", type=int, default=SEED)
    wanted = parser.parse_args()
    if wanted.new_journal:
        write_journal(new_journal(wanted.seed))
    answers = answers_of(read_journal(), wanted.because)
    write_answers(answers)
    print(f"{answers.inputs} inputs; events: {answers.events}")
    print(f"events {answers.events_sha256}, state {answers.state_sha256}")


if __name__ == "__main__":
    main()
