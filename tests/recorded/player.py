"""Plays one recording in a process of its own and prints the report as JSON.

``--die-at N``: kill this process when N inputs are journaled, as a power cut would.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import msgspec

from stockyard.cli.replay import ReplayRequest, play_recording


def main() -> None:
    """Read the arguments, play, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("spec")
    parser.add_argument("--orders", type=Path)
    parser.add_argument("--profile", default="realistic")
    parser.add_argument("--cash", default="2000000")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--die-at", type=int, default=0)
    given = parser.parse_args()
    request = ReplayRequest(given.spec, given.orders, given.data, given.profile, given.cash)

    def told(part: float, inputs: int) -> None:
        if given.die_at and inputs >= given.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    report, _ = play_recording(request, told)
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
