"""The development mailbox: what would have been sent, where there is no mail server.

Promises: it is there only while mails go nowhere else, and only for a browser or a program on this
very machine that asks it by a name of this machine, past no proxy: whoever reads it can sign in as
anybody. Nothing that a mail says is taken for markup. Must not know: what mails are about.
"""

import re
from html import escape
from typing import Final

import msgspec

from stockyard.api.heads import Head, is_loopback
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.settings import MailWay
from stockyard.api.shapes import Time, time_text
from stockyard.people.outbox import Mail, MailState

routes = router()
MAILS_SHOWN: Final = 200
_PROXIES: Final = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
_WAITING: Final = ' · <span class="waiting">waiting</span>'
_GUARDS: Final = (
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
        b" frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mails · Stockyard</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #fbfaf7;
  --card: #fff; --line: #dfe3e8; --link: #0a5a9c; --warn: #8a5200 }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e8ecf1; --soft: #9aa7b6;
  --paper: #10151c; --card: #171e27; --line: #2b3644; --link: #7cc0f4; --warn: #f0b35a }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem; color: var(--ink); background: var(--paper) }}
article {{ background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem 1.2rem; margin: 1rem 0 }}
h1 {{ font-size: 1.4rem }} h2 {{ font-size: 1.05rem; margin: 0 }}
p, dl {{ color: var(--soft) }} header p {{ margin: .1rem 0 0; font-size: .85rem }}
pre {{ font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .8rem 0 0 }}
a {{ color: var(--link) }} .waiting {{ color: var(--warn) }}
</style></head><body><main>
<h1>Mails</h1>
<p>No mail server is set, so mails come here instead: the last {most}, newest first.
<a href="/dev/mail">Look again</a> · <a href="/dev/mail.json">as JSON</a></p>
{mails}
</main></body></html>
"""


class ShownMail(msgspec.Struct, frozen=True, gc=False):
    """A mail of the development mailbox."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    state: str
    created_at: Time


def is_here(head: Head) -> bool:
    """Whether a request comes from this machine, asks it by name, and came past no proxy.

    A page of a foreign name that leads here (DNS rebinding) names that name; a proxy on this
    machine would make everybody look local.
    """
    return (
        is_loopback(head.address)
        and is_loopback(head.text(b"host") or "")
        and not any(name in head.headers for name in _PROXIES)
    )


def _mails(visit: Visiting) -> list[Mail]:
    """The mails, for whom they are. Raises ``Problem`` 404."""
    if visit.door.settings.mail != MailWay.SHOWN or not is_here(visit.head):
        raise Problem(
            404,
            "not_found",
            "there is nothing at this path",
            "the development mailbox is for this machine alone, without a mail server",
        )
    return visit.door.desk.people.outbox.latest(MAILS_SHOWN)


@routes.get("/dev/mail", include_in_schema=False)
async def page(visit: Visiting) -> Response:
    """The mails as a page."""
    shown = "\n".join(_article(mail) for mail in _mails(visit))
    html = _PAGE.format(most=MAILS_SHOWN, mails=shown or "<p>Nothing has been sent yet.</p>")
    response = Response(html, media_type="text/html; charset=utf-8")
    response.raw_headers.extend(_GUARDS)
    return response


@routes.get("/dev/mail.json", include_in_schema=False)
async def listed(visit: Visiting) -> Response:
    """The mails as JSON."""
    found = [
        ShownMail(m.id, m.to, m.subject, m.text, m.html, m.state, time_text(m.created_ns))
        for m in _mails(visit)
    ]
    return answer(found, headers=_GUARDS)


def _article(mail: Mail) -> str:
    waiting = _WAITING if mail.state == MailState.WAITING else ""
    return (
        f"<article><header><h2>{escape(mail.subject)}</h2>"
        f"<p>to {escape(mail.to)} · {time_text(mail.created_ns)}{waiting}</p></header>"
        f"<pre>{_linked(mail.text)}</pre></article>"
    )


def _linked(text: str) -> str:
    """The text as markup, its addresses as links."""
    parts, at = [], 0
    for found in _LINK.finditer(text):
        link = escape(found.group())
        parts += [escape(text[at : found.start()]), f'<a href="{link}">{link}</a>']
        at = found.end()
    return "".join([*parts, escape(text[at:])])
