"""Shows what was found: one table for people, one file for programs.

Must not know: how anything was measured.
"""

from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Growth, Report
from bench.growth import FLAT_BELOW

WIDTH_MIN = 150


def number(value: float | None) -> str:
    """A value with three digits that mean something, or all of a large one."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def verdict(figure: Figure) -> str:
    """Whether the aim was met."""
    if figure.value is None:
        return "not measured"
    return {None: "", True: "met", False: "missed"}[figure.met]


def show(report: Report, facts: dict[str, str]) -> None:
    """Print everything."""
    console = Console()
    if console.width < WIDTH_MIN:
        console = Console(width=WIDTH_MIN)
    if report.figures:
        console.print(_figures(report.figures))
    if report.growths:
        console.print(_growths(report.growths))
    for note in report.notes:
        console.print(note)
    for name, text in facts.items():
        console.print(f"{name}: {text}", highlight=False)


def _figures(figures: list[Figure]) -> Table:
    table = Table(title="Measured")
    for head, justify in (
        ("what", "left"), ("value", "right"), ("unit", "left"), ("aim", "left"), ("", "left"),
        ("measured against", "left"), ("ratio", "right"),
    ):  # fmt: skip
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    for one in figures:
        against = "; ".join(text for text in (one.against, one.note) if text)
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}x"
        table.add_row(one.about, number(one.value), one.unit, one.aim, verdict(one), against, ratio)
    return table


def _growths(growths: list[Growth]) -> Table:
    table = Table(title="How costs grow (a linear cost has 2x per doubling)")
    for head in ("cost of", "doubling", "cost at each size", "per doubling", ""):
        table.add_column(head)
    for one in growths:
        cells = ", ".join(f"{count:,}: {number(cost)}" for count, cost in one.rows)
        flat = "no worse than O(log n)" if one.per_doubling < FLAT_BELOW else "more than O(log n)"
        about = f"{cells} ({one.unit})"
        if one.note:
            about += f"; {one.note}"
        table.add_row(one.about, one.counted, about, f"{one.per_doubling:.2f}x", flat)
    return table


def entries(report: Report, facts: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Every figure, growth and machine fact by name, as programs read them."""
    found: dict[str, dict[str, Any]] = {}
    for one in report.figures:
        found[one.name] = {
            "value": one.value,
            "unit": one.unit,
            "against": one.against,
            "ratio": one.ratio,
            "aim": one.aim,
            "met": one.met,
            "note": one.note,
        }
    for growth in report.growths:
        sizes = ", ".join(f"{count}: {cost:.6g}" for count, cost in growth.rows)
        found[growth.name] = {
            "value": growth.rows[-1][1],
            "unit": growth.unit,
            "against": f"{growth.counted} doubled, {sizes}",
            "ratio": growth.per_doubling,
        }
    for name, text in facts.items():
        found[f"machine: {name}"] = {"value": text, "unit": "text", "against": "", "ratio": None}
    return found


def write(path: Path, report: Report, facts: dict[str, str]) -> None:
    """Write everything to a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(entries(report, facts)), indent=1)
    path.write_bytes(text + b"\n")
