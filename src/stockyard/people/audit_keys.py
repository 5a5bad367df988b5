"""The keys that segments of the audit log are signed with, sealed at rest.

Promises: a key is made when the first segment needs one, and kept; a private half is only ever
opened to sign. Must not know: what is signed.
"""

from base64 import b64decode, b64encode
from typing import Final

from stockyard.people.audit_segments import Signer
from stockyard.people.sealing import AUDIT_KEY, Sealer
from stockyard.storage.ports import Database

_FIELDS: Final = "public_key, private_key"


class AuditKeys:
    """The signing keys in the people's database; the newest signs."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def public_keys(self) -> list[str]:
        """The public halves (base64), the newest last."""
        rows = self._database.query(
            "SELECT public_key FROM audit_keys ORDER BY created_ns, public_key"
        )
        return [public_key for (public_key,) in rows]

    def make(self, now_ns: int) -> str:
        """Make a key and return its public half. Raises ``StorageUnavailable``."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
        public_key = b64encode(key.public_key().public_bytes_raw()).decode()
        text = b64encode(key.private_bytes_raw()).decode()
        sealed = self._sealer.seal(text, AUDIT_KEY.purpose_of(public_key))
        self._database.execute(
            "INSERT INTO audit_keys (public_key, private_key, created_ns) VALUES (?, ?, ?)",
            (public_key, sealed, now_ns),
        )
        return public_key

    def signer(self, public_key: str) -> Signer:
        """What signs with a key that is there. Raises ``SealError``."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        rows = self._database.query(
            "SELECT private_key FROM audit_keys WHERE public_key = ?", (public_key,)
        )
        text = self._sealer.open(rows[0][0], AUDIT_KEY.purpose_of(public_key))
        return Signer(public_key, Ed25519PrivateKey.from_private_bytes(b64decode(text)).sign)
