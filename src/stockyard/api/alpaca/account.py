"""The account and its configurations, in Alpaca's words.

Promises: sums are the engine's own; what binds orders is journaled and binds them by whatever way
they come, the rest of the configurations is kept and binds nothing. Must not know: how a sum comes
about.
"""

from typing import Final

import msgspec

from stockyard.api.alpaca.clock import new_york
from stockyard.api.alpaca.errors import invalid
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.api.alpaca.words import timestamp
from stockyard.api.closes import last_close_ns, worth_at_close
from stockyard.api.door import Door, encode
from stockyard.api.fields import Reader
from stockyard.api.restricting import bits, restrict
from stockyard.model.codes import AccountKind, AccountStatus, Restriction
from stockyard.model.commands import SetAccountKind
from stockyard.model.numbers import format_cash
from stockyard.people.identity import Scope
from stockyard.projections.rows import AccountRow

_STATUSES: Final = {
    AccountStatus.ACTIVE: "ACTIVE",
    AccountStatus.SUSPENDED: "DISABLED",
    AccountStatus.CLOSED: "ACCOUNT_CLOSED",
}
_KINDS: Final = {"1": AccountKind.CASH, "2": AccountKind.MARGIN}
_MULTIPLIERS: Final = {kind: word for word, kind in _KINDS.items()}
_EMAILS: Final = ("all", "none")
OPTIONS_LEVEL_MAX: Final = 3
_NOTHING: Final = "0"


class Account(msgspec.Struct, gc=False):
    """An account as Alpaca shows it."""

    id: str
    account_number: str
    status: str
    crypto_status: str
    currency: str
    cash: str
    portfolio_value: str
    equity: str
    last_equity: str
    long_market_value: str
    short_market_value: str
    position_market_value: str
    initial_margin: str
    maintenance_margin: str
    last_maintenance_margin: str
    sma: str
    buying_power: str
    regt_buying_power: str
    effective_buying_power: str
    non_marginable_buying_power: str
    options_buying_power: str
    accrued_fees: str
    pending_transfer_in: str
    pending_transfer_out: str
    pending_reg_taf_fees: str
    intraday_adjustments: str
    multiplier: str
    shorting_enabled: bool
    trading_blocked: bool
    transfers_blocked: bool
    account_blocked: bool
    trade_suspended_by_user: bool
    options_approved_level: int
    options_trading_level: int
    crypto_tier: int
    balance_asof: str
    created_at: str


class Configurations(msgspec.Struct, gc=False):
    """An account's configurations as Alpaca shows them."""

    fractional_trading: bool
    max_margin_multiplier: str
    max_options_trading_level: int | None
    no_shorting: bool
    suspend_trade: bool
    trade_confirm_email: str
    ptp_no_exception_entry: bool
    disable_overnight_trading: bool


class ConfigurationsBody(msgspec.Struct):
    """What may be changed of them; null leaves one as it is."""

    fractional_trading: bool | None = None
    max_margin_multiplier: str | None = None
    max_options_trading_level: int | None = None
    no_shorting: bool | None = None
    suspend_trade: bool | None = None
    trade_confirm_email: str | None = None
    ptp_no_exception_entry: bool | None = None
    disable_overnight_trading: bool | None = None


_body: Final = Reader(ConfigurationsBody)


def account(door: Door, row: AccountRow, last_equity: int, asof: str) -> Account:
    """An account's figures at the marks of this moment."""
    x = door.world.standing(row.account_id)
    equity = door.view.equity_micros(row.account_id)
    is_margin = row.kind == AccountKind.MARGIN
    power, free = x.buying_power, x.buying_power // 2 if is_margin else x.buying_power
    terms, blocked = door.view.margin, row.status != AccountStatus.ACTIVE
    shorts = is_margin and terms is not None and equity >= terms.equity_micros_min
    account_id = door.render.account_id(row.account_id)
    return Account(
        account_id,
        f"SY{row.account_id:010d}",
        _STATUSES[row.status],
        _STATUSES[row.status],
        "USD",
        format_cash(row.cash_micros),
        format_cash(equity),
        format_cash(equity),
        format_cash(last_equity),
        format_cash(x.long_value),
        format_cash(-x.short_value),
        format_cash(x.long_value - x.short_value),
        format_cash(x.initial),
        format_cash(x.maintenance),
        _NOTHING,
        _NOTHING,
        format_cash(power),
        format_cash(power),
        format_cash(power),
        format_cash(free),
        _NOTHING,
        _NOTHING,
        _NOTHING,
        _NOTHING,
        _NOTHING,
        _NOTHING,
        _MULTIPLIERS[row.kind],
        shorts and not row.restrictions & Restriction.NO_SHORTING,
        blocked,
        blocked,
        blocked,
        bool(row.restrictions & Restriction.SUSPENDED),
        0,
        0,
        1,
        asof,
        timestamp(row.created_ns),
    )


async def read_account(call: Call) -> Reply:
    """GET /v2/account: ``last_equity`` is that of the last close of stocks, or of an account that
    is younger what was paid in.
    """
    door, account_id = call.door, call.caller.account_id
    close_ns = last_close_ns(door, door.world.clock.now_ns())
    sample = await worth_at_close(door, account_id, close_ns)
    row = door.view.accounts[account_id]
    last = row.deposited_micros if sample is None else sample.equity_micros
    return Reply(200, encode(account(door, row, last, new_york(close_ns).date().isoformat())))


def _configurations(door: Door, row: AccountRow) -> Configurations:
    kept = door.desk.alone(lambda people: people.preferences.of_account(row.account_id))
    level = kept.get("max_options_trading_level")
    return Configurations(
        not row.restrictions & Restriction.NO_FRACTIONS,
        _MULTIPLIERS[row.kind],
        None if level is None else int(level),
        bool(row.restrictions & Restriction.NO_SHORTING),
        bool(row.restrictions & Restriction.SUSPENDED),
        kept.get("trade_confirm_email", _EMAILS[0]),
        kept.get("ptp_no_exception_entry") == "true",
        kept.get("disable_overnight_trading") == "true",
    )


async def read_configurations(call: Call) -> Reply:
    """GET /v2/account/configurations."""
    row = call.door.view.accounts[call.caller.account_id]
    return Reply(200, encode(_configurations(call.door, row)))


def _preferences(body: ConfigurationsBody) -> dict[str, str]:
    """What of a body binds no order. Raises ``Refusal``."""
    found: dict[str, str] = {}
    email, level = body.trade_confirm_email, body.max_options_trading_level
    if email is not None:
        if email not in _EMAILS:
            raise invalid("trade_confirm_email", email, f"use {' or '.join(_EMAILS)}")
        found["trade_confirm_email"] = email
    if level is not None:
        if not 0 <= level <= OPTIONS_LEVEL_MAX:
            right = f"use a whole number from 0 to {OPTIONS_LEVEL_MAX}"
            raise invalid("max_options_trading_level", str(level), right)
        found["max_options_trading_level"] = str(level)
    for name in ("ptp_no_exception_entry", "disable_overnight_trading"):
        said = getattr(body, name)
        if said is not None:
            found[name] = "true" if said else "false"
    return found


async def change_configurations(call: Call) -> Reply:
    """PATCH /v2/account/configurations.

    The multiplier is the account's kind, which may be refused; it is changed first, and only where
    it would be another one.
    """
    door, caller, head = call.door, call.caller, call.head
    body: ConfigurationsBody = _body.read(await call.body())
    multiplier, kept = body.max_margin_multiplier, _preferences(body)
    if multiplier is not None and multiplier not in _KINDS:
        raise invalid("max_margin_multiplier", multiplier, 'use "1" (cash) or "2" (margin)')
    row = door.view.accounts[caller.account_id]
    if multiplier is not None and _KINDS[multiplier] != row.kind:
        command = SetAccountKind(caller.account_id, _KINDS[multiplier], "", b"")
        await door.decide(command, door.origin(caller, head))
    made, lifted = bits(body.suspend_trade, body.no_shorting, body.fractional_trading)
    if made & ~row.restrictions or lifted & row.restrictions:
        await restrict(door, caller, head, made, lifted, "")
    if kept:
        before = door.desk.alone(lambda people: people.preferences.of_account(caller.account_id))
        await door.desk.write(lambda people: people.preferences.store(caller.account_id, kept))
        await call.note("account.preferences", before=before, after=kept)
    return Reply(200, encode(_configurations(door, door.view.accounts[caller.account_id])))


ROUTES: Final = (
    Route("GET", "/v2/account", Scope.READ, read_account),
    Route("GET", "/v2/account/configurations", Scope.READ, read_configurations),
    Route("PATCH", "/v2/account/configurations", Scope.TRADE, change_configurations),
)
