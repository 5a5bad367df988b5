"""Writes docs/reference/order-lifecycle.md from the engine's own tables.

Promises: the diagram, the tables of statuses and of reasons come from the code and nowhere else.
"""

from pathlib import Path

from stockyard.engine.orders import TRANSITIONS
from stockyard.model.codes import LIFECYCLE_WORDS, REASON_WORDS, STATUS_WORDS, Trigger

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "reference" / "order-lifecycle.md"

TRIGGER_TEXTS = {
    Trigger.QUEUE: "taken while its session is closed",
    Trigger.ADMIT: "session open",
    Trigger.FILL_PART: "fill, something left",
    Trigger.FILL_REST: "fill, nothing left",
    Trigger.CANCEL: "cancel",
    Trigger.EXPIRE: "trading day ends or date reached",
    Trigger.REPLACE: "replaced by a new order",
    Trigger.REJECT: "refused by the venue",
    Trigger.SEND: "sent to the venue",
    Trigger.SEND_CANCEL: "cancellation sent",
    Trigger.HOLD: "taken as the leg of an entry",
}
"""What happens, for every trigger of the transition table."""

TEXT = """# The life of an order

This page is written by `scripts/lifecycle_diagram.py` from the engine's transition table. A move
that is not drawn here cannot happen: the engine stops rather than make it.

```mermaid
{diagram}
```

A replacement is a new order that begins at the top; the old one ends as `replaced`. An order that
is denied never begins: it has no status and holds nothing.

The leg of a bracket or an OTO is `held` until its entry has ended.

A test's [planned outcome](../guides/test-controls.md#outcomes) moves orders along the same table:
it may keep one in `pending_new`, also a leg that comes alive, until it is released.

A stop order that waits for its price is `new` (or `accepted`, while its session is closed). What
triggers it is an event of its own and leaves it `new`: from then on it is filled, rests or ends
like the market or limit order it has become.

Under a profile with latency an order is `pending_new` until it reaches the venue, and
`pending_cancel` until its cancellation does. A replacement that is on its way is `pending_new`; it
begins when it arrives, or ends as `rejected`.

## Statuses

The middle column is what a textbook calls it.

| Status | In seven words | Open | What can follow |
| --- | --- | --- | --- |
{statuses}

## Why an order ended unfilled

| Number | Reason |
| --- | --- |
{reasons}
"""


def diagram() -> str:
    """The transition table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for (status, trigger), target in sorted(TRANSITIONS.items()):
        begin = STATUS_WORDS.get(status, "[*]")
        lines.append(f"    {begin} --> {STATUS_WORDS[target]}: {TRIGGER_TEXTS[trigger]}")
    left = {status for status, _ in TRANSITIONS}
    lines += [f"    {word} --> [*]" for status, word in STATUS_WORDS.items() if status not in left]
    return "\n".join(lines)


def statuses() -> str:
    """One row per status."""
    rows = []
    for status, word in sorted(STATUS_WORDS.items()):
        follow = sorted({target for (begin, _), target in TRANSITIONS.items() if begin == status})
        words = ", ".join(f"`{STATUS_WORDS[target]}`" for target in follow)
        is_open = "yes" if follow else "no"
        rows.append(f"| `{word}` | {LIFECYCLE_WORDS[word]} | {is_open} | {words or 'nothing'} |")
    return "\n".join(rows)


def page() -> str:
    """The whole document."""
    reasons = "\n".join(f"| {number} | `{word}` |" for number, word in sorted(REASON_WORDS.items()))
    return TEXT.format(diagram=diagram(), statuses=statuses(), reasons=reasons)


def main() -> None:
    """Write the document."""
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
