"""The page at ``/``: what is running, and three commands to try. Self-contained, without scripts.

Must not know: anything about users.
"""

import re
from html import escape
from typing import Final

PAGE_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
}
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stockyard</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem;
  color: #1c2430; background: #fbfaf7 }}
pre {{ background: #1c2430; color: #e8ecf1; padding: .8rem 1rem; overflow-x: auto }}
a {{ color: #0a5a9c }}
</style></head><body>
<h1>Stockyard {version}</h1>
<p>A brokerage you run yourself is running here. The engine is {engine}, the journal is at record
{seq}.</p>
<ul>
<li><a href="/api/v1/openapi.json">OpenAPI document</a></li>
<li><a href="/api/v1/quotes">Quotes</a>, <a href="/api/v1/assets">assets</a>,
<a href="/api/v1/clock">clock</a></li>
<li><a href="/health">Health</a></li>
</ul>
<p>{demo}</p>
<pre>curl {base}/api/v1/quotes/AAPL

curl {base}/api/v1/orders -u "$KEY:$SECRET" \\
  -H "Content-Type: application/json" \\
  -d '{{"symbol": "AAPL", "side": "buy", "qty": "10"}}'

curl {base}/api/v1/portfolio -u "$KEY:$SECRET"</pre>
<p>The web app is not built into this installation: <code>make run</code> builds it, and
<code>make web</code> beside <code>make dev</code>.</p>
</body></html>
"""


def front_page(
    host: str | None, scheme: str, version: str, compiled: bool, seq: int, demo: bool
) -> bytes:
    """The HTML; a host name that is none is not repeated."""
    if host is None or not _HOST.fullmatch(host):
        host = "localhost:8000"
    told = (
        "The demo user and its API key were printed at the start and stand in"
        " <code>demo.json</code> of the data directory."
        if demo
        else "Sign up with <code>POST /api/v1/auth/register</code> and make an API key."
    )
    return _PAGE.format(
        version=escape(version),
        engine="compiled" if compiled else "interpreted",
        seq=seq,
        demo=told,
        base=escape(f"{scheme}://{host}"),
    ).encode()
