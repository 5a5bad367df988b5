"""The cookies of browsers: one that signs in, one that knows a link it asked for.

Promises: no script can read them; no page of another site sends the one that signs in
(``SameSite=Strict``), and where https is required they carry the ``__Host-`` prefix, so that no
other name and no plain connection can set them (RFC 6265bis, section 4.1.3). A cookie alone changes
nothing: the browser must also say that a page of this very host asks. Must not know: who is signed
in.
"""

from typing import Final
from urllib.parse import urlsplit

from stockyard.api.heads import SAFE_METHODS, Head
from stockyard.api.problems import Problem

SESSION: Final = b"stockyard_session"
BROWSER: Final = b"stockyard_browser"
"""What a browser holds that asked for a link, so that it need not confirm that it opened it."""
BROWSER_S: Final = 15 * 60
VALUE_LENGTH_MAX: Final = 200
Header = tuple[bytes, bytes]


class Cookies:
    """How cookies are written and read here; ``secure``: over https alone."""

    def __init__(self, *, secure: bool) -> None:
        prefix = b"__Host-" if secure else b""
        self._session, self._browser = prefix + SESSION, prefix + BROWSER
        self._secure = b"; Secure" if secure else b""

    def session(self, head: Head) -> str:
        """The token of the session that a browser holds, or empty."""
        return self._read(head, self._session)

    def browser(self, head: Head) -> str:
        """What the browser holds that asked for a link, or empty."""
        return self._read(head, self._browser)

    def set_session(self, token: str, life_s: int) -> Header:
        """The header that signs a browser in."""
        return self._written(self._session, token, life_s, b"Strict")

    def set_browser(self, held: str) -> Header:
        """The header by which a browser knows a link again; also when a mail's page opens it."""
        return self._written(self._browser, held, BROWSER_S, b"Lax")

    def clear_session(self) -> Header:
        """The header that signs a browser out."""
        return self._written(self._session, "", 0, b"Strict")

    def clear_browser(self) -> Header:
        """The header after which a browser knows no link any more."""
        return self._written(self._browser, "", 0, b"Lax")

    def check_page(self, head: Head) -> None:
        """Refuse a change, or a stream, that a cookie signs but no page of this host asks for.

        Browsers say where a request comes from, and no page can unsay it: by ``Sec-Fetch-Site``
        (W3C Fetch Metadata), the older ones by ``Origin``. Raises ``Problem`` 403.
        """
        if head.method in SAFE_METHODS:
            return
        site = head.headers.get(b"sec-fetch-site")
        if site is not None and site != b"same-origin":
            raise _foreign_page()
        if site is None and not _same_host(head):
            raise _foreign_page()

    def _read(self, head: Head, name: bytes) -> str:
        found: set[bytes] = set()
        for pair in head.headers.get(b"cookie", b"").split(b";"):
            key, _, value = pair.partition(b"=")
            if key.strip() == name:
                found.add(value.strip())
        if len(found) > 1:
            raise Problem(
                400,
                "conflicting_headers",
                f"the cookie {name.decode()} is there twice with two values",
                "delete this host's cookies and sign in again",
                field="cookie",
            )
        return found.pop()[:VALUE_LENGTH_MAX].decode("latin-1") if found else ""

    def _written(self, name: bytes, value: str, life_s: int, site: bytes) -> Header:
        return (
            b"set-cookie",
            b"%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=%s%s"
            % (name, value.encode(), life_s, site, self._secure),
        )


def _same_host(head: Head) -> bool:
    """Whether ``Origin`` is there and names this host; ports are not compared, as a proxy may drop
    them.
    """
    origin = head.text(b"origin")
    try:
        theirs = urlsplit(origin or "").hostname
        return theirs is not None and theirs == urlsplit("//" + (head.text(b"host") or "")).hostname
    except ValueError:
        return False


def _foreign_page() -> Problem:
    return Problem(
        403,
        "cross_site",
        "a cookie signs this, but no page of this host asks for it",
        "ask from a page of this Stockyard's own host, or send Authorization: Bearer",
    )
