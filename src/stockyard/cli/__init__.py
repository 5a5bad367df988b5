"""The command line: ``stockyard serve`` and everything beside it.

Promises: an error is one line that says what was wrong and what would be right, and an exit code: 0
done, 1 the data is broken or the server failed, 2 the call was wrong. Heavy modules are loaded by
the command that needs them. Must not know: how anything is done.
"""

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from cyclopts import App

from stockyard.config import ConfigError

if TYPE_CHECKING:
    from stockyard.storage.ports import JournalCorrupt


def version_text() -> str:
    """The version, and whether the engine is compiled."""
    from stockyard.runtime.world import ENGINE_IS_COMPILED

    kind = "compiled" if ENGINE_IS_COMPILED else "plain Python"
    return f"stockyard {version('stockyard')} (engine: {kind}, Python {sys.version.split()[0]})"


cli: Final = App(
    name="stockyard",
    help="A brokerage you run yourself.",
    version=version_text,
)
for _target, _help in (
    ("serve:serve", "Serve a Stockyard from a data directory until it is told to stop."),
    ("replay:replay", "Play a recorded day with scripted orders, as fast as possible."),
    ("explain:explain", "Tell the whole story of an order, from the data directory."),
    ("inspecting:inspect", "Show the accounts, or one of them, as they were at any point."),
    ("inspecting:diff", "Show what is different between two points of a directory."),
    ("rerun:rerun", "Compare an account's result with the same commands under another profile."),
    ("feeder:feeder", "Play several exchanges into a Stockyard's webhook."),
    ("aggregate:aggregate", "Run a stage of market data in a process of its own."),
    ("data:verify", "Check a data directory from its first record on."),
    ("repair:repair", "Tell what is left of a damaged journal, and go on from it."),
    ("data:rebuild", "Fill the query tables again from the journal."),
    ("prune:prune", "Remove the journal's beginning; an archived state stands for it."),
    ("backup:backup", "Make a backup of a data directory, also while it is served."),
    ("backup:restore", "Make a data directory out of a backup."),
):
    cli.command(f"stockyard.cli.{_target}", help=_help)


cli.command(
    "stockyard.cli.history:history",
    name="history",
    help="List, fill and export the ticks and bars of a data directory.",
)

cli.command(
    "stockyard.cli.journal:journal",
    name="journal",
    help="Export the journal, and tell what its bytes are.",
)

cli.command(
    "stockyard.cli.audit:audit",
    name="audit",
    help="Check the log of who did what.",
)

cli.command(
    "stockyard.cli.secrets:secrets",
    name="secrets",
    help="Make and change the key under which secrets are kept.",
)

cli.command(
    "stockyard.cli.users:users",
    name="users",
    help="Add users, and change their role and status, where no server runs.",
)

cli.command(
    "stockyard.cli.sim:sim",
    name="sim",
    help="Move time, the market and what becomes of orders, where test controls are allowed.",
)


def main() -> None:
    """Run the command line."""
    from stockyard.model.recordings import RecordingError
    from stockyard.runtime.writer import Refused
    from stockyard.storage.ports import JournalCorrupt, StorageError

    if not __debug__:
        sys.exit("stockyard: do not run Python with -O; the engine's checks must stay on")
    try:
        cli()
    except (ConfigError, RecordingError) as error:
        print(f"stockyard: {error}", file=sys.stderr)
        sys.exit(2)
    except StorageError as error:
        print(f"stockyard: {error}", file=sys.stderr)
        if isinstance(error, JournalCorrupt):
            _tell_damage(error)
        sys.exit(1)
    except Refused as error:
        print(f"stockyard: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _tell_damage(error: "JournalCorrupt") -> None:
    """Keep what is damaged, and say what can be done."""
    from stockyard.storage.damage import keep_damage

    report = keep_damage(error)
    if report is not None:
        print(f"What is damaged is kept in {report}; the journal was not changed.", file=sys.stderr)
    else:
        print("The journal was not changed.", file=sys.stderr)
    print(
        "  stockyard serve --read-only   shows the last good state meanwhile\n"
        "  stockyard repair              tells what is left, and goes on from it if asked to\n"
        "A backup may hold what is missing: see docs/guides/damaged-data.md.",
        file=sys.stderr,
    )
