"""Making and lifting what an account restricts its own orders to.

Must not know: in whose words it was asked for.
"""

from stockyard.api.auth import Caller
from stockyard.api.door import NO_DIGEST, Decision, Door, digest
from stockyard.api.heads import Head
from stockyard.model.codes import Restriction
from stockyard.model.commands import SetAccountRestrictions
from stockyard.model.events import AccountRestrictionsSet


def bits(suspend: bool | None, no_shorting: bool | None, fractions: bool | None) -> tuple[int, int]:
    """The restrictions to make, and those to lift; None leaves one as it is."""
    wanted = (
        (Restriction.SUSPENDED, suspend),
        (Restriction.NO_SHORTING, no_shorting),
        (Restriction.NO_FRACTIONS, None if fractions is None else not fractions),
    )
    made = sum(bit for bit, on in wanted if on)
    lifted = sum(bit for bit, on in wanted if on is False)
    return made, lifted


async def restrict(
    door: Door, caller: Caller, head: Head, made: int, lifted: int, key: str
) -> tuple[Decision, AccountRestrictionsSet]:
    """Make and lift restrictions of the caller's account. Raises ``Problem``, ``Refused``."""
    told = digest("PATCH /account/restrictions", made, lifted) if key else NO_DIGEST
    command = SetAccountRestrictions(caller.account_id, made, lifted, key, told)
    decision = await door.decide(command, door.origin(caller, head))
    done = next(x for x in decision.events if isinstance(x, AccountRestrictionsSet))
    return decision, done
