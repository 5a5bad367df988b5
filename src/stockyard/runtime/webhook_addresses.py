"""Where a webhook's address leads, and whether we may go there.

Promises: what is called is an address that was checked, never a name that may mean something else
by then; nothing on this machine, in a private network or in a range kept for special use is called,
however it is written, unless that is allowed. Must not know: what is sent.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

RESOLVE_S: Final = 5.0
ADDRESSES_MAX: Final = 16
"""Addresses of one name that are looked at."""
_SPECIAL: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
"""Kept for protocols, which Python does not count as such in every version."""
_TRANSLATED: Final = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
    IPv6Network("::/96"),
)
"""Ranges whose addresses stand for IPv4 ones: a private one could hide in them."""
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefused(Exception):
    """We do not go there; the message says why. ``for_now``: the name has no address today."""

    def __init__(self, why: str, for_now: bool = False) -> None:
        super().__init__(why)
        self.for_now = for_now


class Target(NamedTuple):
    """Where to connect, and what the address says: ``host`` for the certificate and the header."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str
    addresses: tuple[str, ...]


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet's."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id is not None or any(address in net for net in _TRANSLATED):
            return False
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    if isinstance(address, IPv4Address) and any(address in net for net in _SPECIAL):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


class Addresses:
    """Finds and checks the addresses of webhooks; ``private``: those of this machine and of private
    networks are allowed too.
    """

    def __init__(self, private: bool = False, resolve: Resolve | None = None) -> None:
        self.private = private
        self._resolve = _resolved if resolve is None else resolve

    async def target(self, url: str) -> Target:
        """Where a checked url leads now. Raises ``AddressRefused``."""
        parts = urlsplit(url)
        secure, host = parts.scheme == "https", parts.hostname or ""
        port = parts.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise AddressRefused(f"{host} has no address", for_now=True) from None
        addresses = tuple(dict.fromkeys(found))[:ADDRESSES_MAX]
        if not addresses:
            raise AddressRefused(f"{host} has no address", for_now=True)
        if not self.private and not all(is_public(one) for one in addresses):
            raise AddressRefused(f"{host} is not on the open internet")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(secure, host, port, parts.netloc, path, addresses)


async def _resolved(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]
