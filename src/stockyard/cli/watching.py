"""How far a long command has come, on a terminal; nothing where there is none.

Must not know: what is counted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Told = Callable[[int], None]


@contextmanager
def watched(title: str, what: str = "inputs") -> Iterator[Told]:
    """Show a title and a count for a block; call what it gives with how many there are by now."""
    columns = (
        SpinnerColumn(),
        TextColumn(title),
        TextColumn(f"{{task.completed:,}} {what}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        yield lambda count: progress.update(task, completed=count)
