"""The claims as a page.

Must not know: whether they are true; ``test_compatibility`` does.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.compat.claims.words import (
    BEHAVIOUR,
    DIFFERS,
    ENDPOINT,
    FIELD,
    NOT_OFFERED,
    PARAMETER,
    VERDICTS,
    WORKS,
    Claim,
    Endpoint,
    Section,
)

DOCUMENT: Final = Path(__file__).resolve().parents[3] / "docs/reference/alpaca-compatibility.md"
WIDTH: Final = 118
_HEADINGS: Final = {
    PARAMETER: "Parameters that work",
    FIELD: "Fields that work",
    BEHAVIOUR: "Works",
}


def page(sections: Iterable[Section]) -> str:
    """The whole page."""
    sections = list(sections)
    lines = [
        "# Alpaca compatibility",
        "",
        *_wrapped(
            "Written from a table of claims, each of which is checked against a live process in"
            " `tests/compat/test_compatibility.py`: a verdict that is not true fails the tests, and"
            " so does a route, or a field of `alpaca-py` 0.44, that is not listed. Change the table"
            " (`tests/compat/claims`), never this page. How to point a bot here: the"
            " [guide](../guides/alpaca.md)."
        ),
        "",
        "| | works | differs | not offered |",
        "|---|---|---|---|",
    ]
    for section in sections:
        counts = Counter(c.verdict for e in section.endpoints for c in e.claims)
        shown = " | ".join(str(counts[verdict]) for verdict in VERDICTS)
        lines.append(f"| {section.title} | {shown} |")
    total = Counter(c.verdict for s in sections for e in s.endpoints for c in e.claims)
    lines.append(f"| **all** | {' | '.join(f'**{total[verdict]}**' for verdict in VERDICTS)} |")
    for section in sections:
        lines += ["", f"## {section.title}"]
        for one in section.endpoints:
            lines += _endpoint(one)
    return "\n".join(lines) + "\n"


def _endpoint(one: Endpoint) -> list[str]:
    itself = one.claims[0]
    called = f" (`{one.client}`)" if one.client else ""
    lines = ["", f"### {one.call}", ""]
    note = f": {itself.note}" if itself.note else ""
    lines += _wrapped(f"**{itself.verdict}**{note}{called}")
    for kind, heading in _HEADINGS.items():
        claims = [claim for claim in one.claims if claim.kind == kind]
        well = [claim for claim in claims if claim.verdict == WORKS]
        if well:
            divider = "; " if kind == BEHAVIOUR else " "
            names = divider.join(_name(claim) for claim in well)
            lines += ["", *_wrapped(f"{heading}: {names}")]
    others = [claim for claim in one.claims[1:] if claim.verdict != WORKS]
    if others:
        lines += ["", "| | | |", "|---|---|---|"]
        lines += [
            f"| {_name(claim)} | {claim.kind} | **{claim.verdict}**: {claim.note} |"
            for claim in others
        ]
    return lines


def _name(claim: Claim) -> str:
    assert claim.kind != ENDPOINT
    assert claim.note or claim.verdict not in (DIFFERS, NOT_OFFERED), claim.name
    return claim.name if claim.kind == BEHAVIOUR else f"`{claim.name}`"


def _wrapped(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]
