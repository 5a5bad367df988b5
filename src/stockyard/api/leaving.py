"""What becomes of the accounts of a user who left: nothing of them works on in the market.

The user is erased first, then the engine empties each account, then that is noted. A crash between
the steps leaves a user who is gone and accounts that ``complete_leavings`` empties. Promises: doing
it twice is the same as once. Must not know: HTTP.
"""

import logging
from typing import Final

from stockyard.api.door import NO_DIGEST, Door, verdict
from stockyard.model.commands import ResetAccount
from stockyard.model.events import CommandDenied
from stockyard.model.records import Origin
from stockyard.people.directory import People
from stockyard.people.users import User
from stockyard.runtime.world import World

LOG: Final = logging.getLogger("stockyard.api")
_REPAIR: Final = Origin("system:leaving", "", "", "")


async def leave(door: Door, user_id: str, password_hash: str, origin: Origin) -> User:
    """Erase a user and empty its accounts. Raises ``UserError``, ``Refused``."""
    now_ns = door.world.clock.wall_ns()
    erased = await door.desk.write(lambda p: p.leave(user_id, password_hash, now_ns))
    await _empty(door.world, door.view.accounts_of.get(user_id, ()), origin)
    await door.desk.write(lambda p: p.changes.left(user_id, now_ns))
    return erased


async def complete_leavings(world: World, people: People) -> int:
    """Finish what a crash left half done; call it before the door opens. Returns how many."""
    leaving = people.changes.leaving()
    for user_id in leaving:
        await _empty(world, world.view.accounts_of.get(user_id, ()), _REPAIR)
        people.changes.left(user_id, world.clock.wall_ns())
    return len(leaving)


async def _empty(world: World, account_ids: "tuple[int, ...] | list[int]", origin: Origin) -> None:
    """Cancel the orders of accounts, give up their positions and take their cash."""
    for account_id in tuple(account_ids):
        outcome = await world.execute(ResetAccount(account_id, 0, "", NO_DIGEST), origin)
        told = verdict(outcome.events)
        if isinstance(told, CommandDenied):
            LOG.warning("account %d of a user who left was not emptied: %s", account_id, told.code)
