"""A paper as one HTML page without scripts, that needs nothing from elsewhere.

Promises: every text is escaped; the page may do nothing (``POLICY``), also where it is opened from
a disk. Must not know: what it is about.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from stockyard.api.papers.paper import Grid, Paper

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #16181d; --soft: #5b6270; --line: #d5d8de; --back: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaee; --soft: #a0a7b4; --line: #353a44; --back: #14161a; }
}
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --back: #fff; } }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 62rem; background: var(--back);
  color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem 2rem;
  margin: 1.25rem 0; }
dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; font-weight: 600;
  overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .8125rem; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tfoot td { font-weight: 600; border-bottom: 0; } tr { break-inside: avoid; }
"""
_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; sandbox allow-popups allow-modals"
)
"""The content security policy to send with a page."""


def page(paper: Paper) -> bytes:
    """The page."""
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in paper.facts
    )
    notes = "".join(f'<p class="soft">{escape(note)}</p>' for note in paper.notes)
    title = escape(f"{paper.title}, {paper.subtitle}")
    # Inside the page a policy may not say who frames it, nor be a sandbox: the header does.
    policy = POLICY.partition(" frame-ancestors")[0]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f'<header><h1>{escape(paper.title)}</h1><p class="soft">{escape(paper.subtitle)}</p>'
        f"</header><dl>{facts}</dl>{''.join(_table(grid) for grid in paper.grids)}"
        f"<footer>{notes}</footer></body></html>\n"
    ).encode()


def _table(grid: Grid) -> str:
    rights = [column.right for column in grid.columns]
    heads = "".join(
        f'<th scope="col"{_look(column.right)}>{escape(column.title)}</th>'
        for column in grid.columns
    )
    rows = "".join(_row(row, rights) for row in grid.rows)
    foot = f"<tfoot>{_row(grid.totals, rights)}</tfoot>" if grid.totals is not None else ""
    about = f'<p class="soft">{escape(grid.about)}</p>' if grid.about else ""
    # Who cannot point scrolls a wide table by keys.
    return (
        f'<section><h2>{escape(grid.title)}</h2>{about}<div class="wide" tabindex="0" role="region"'
        f' aria-label="{escape(grid.title)}"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody>{foot}</table></div></section>"
    )


def _row(cells: tuple[str, ...], rights: list[bool]) -> str:
    told = "".join(
        f"<td{_look(right)}>{escape(cell)}</td>" for cell, right in zip(cells, rights, strict=True)
    )
    return f"<tr>{told}</tr>"


def _look(right: bool) -> str:
    return ' class="n"' if right else ""
