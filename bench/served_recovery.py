"""P4 with everything on: from starting the process after a crash to the first acknowledged order.

The directory is of users who traded in the built-in market, and its snapshot is lost: the server
reads the whole journal, with query tables, people and alerts beside it. The audit log comes later.
"""

import shutil
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from bench import child
from bench.cold_start import start
from bench.figures import Figure, Report
from bench.filled import Filled
from bench.serving import keys_of
from bench.sizes import Sizes
from stockyard.app import DataDirectory

ORDERS_A_STEP: Final = 5
"""Between two steps of the market, each a quote for every instrument: a mix of 80 % quotes."""
INPUTS_AN_ORDER: Final = 6.6


def run(sizes: Sizes, folder: Path) -> Report:
    """Start it several times, each time without its snapshot."""
    place = Path(tempfile.mkdtemp(prefix="served-", dir=folder))
    data = place / "data"
    orders = int(sizes.recovery_inputs / INPUTS_AN_ORDER)
    given = {
        "path": str(data),
        "users": sizes.users,
        "orders": orders,
        "open_orders": min(sizes.resting, orders // 2),
        "group": ORDERS_A_STEP,
    }
    key = keys_of(child.run("bench.filled:fill", Filled, given))[0]
    inputs = child.run("bench.served_recovery:inputs", int, {"path": str(data)})
    found = []
    for n in range(min(sizes.rounds, 3)):
        for file in data.glob("snapshots.db*"):
            file.unlink()
        found.append(start(data, key, f"first{n}"))
    shutil.rmtree(place)
    seconds, aim = median(found), 4.0 * inputs / 1e6
    return Report(
        [
            Figure(
                "p4_served",
                f"P4 stockyard serve from {inputs:,} inputs, no snapshot, to an acknowledged order",
                seconds,
                "s",
                f"<= {aim:.3g} s",
                seconds <= aim,
                note=f"{orders:,} of them orders; {inputs / seconds:,.0f} inputs/s",
            )
        ]
    )


def inputs(path: str) -> int:
    """How many records the journal of a directory has."""
    directory = DataDirectory(Path(path))
    found = directory.journal.head.seq
    directory.close()
    return found
