"""Playbooks: tables of inputs and the events they must give, in words a trader can review.

A line is ``input | events``, events separated by ``;``. Orders are named ``#1``, ``#2`` as they are
accepted. Lines without events must give none.

Inputs:  ``quote ACME 99.90x300 100.00x200`` (``-`` for a missing side), ``buy 100 ACME``,
``sell $500 ACME``, with ``limit=99.50 stop=.. trail=2.00 trail=1.5% tif=gtc until=2T10:00:00
ext=yes id=.. key=.. body=.. account=2``; ``replace #1 qty=.. limit=.. stop=.. trail=.. tif=..
until=..``, ``trade ACME 99.95``, ``opening LATE 100.00x500`` and ``closing ..`` (an auction's
print), ``cancel #1``, ``cancel all``, ``close ACME qty=.. cancel=yes``, ``deposit 10``,
``withdraw 10``, ``reset 1000``, ``use realistic``, ``open 1000 realistic``, ``tick 16:00:00``,
``wait 61``, ``restart``, ``define realistic version=2 bounded=no fees=yes age=60`` (with
``cap=50% levels=2 step=1 size=100% rule=queue latency=0.25 slip=2 improve=25% odds=100%
reject=100% halt=deny stale=deny``), ``halt ACME``, ``resume ACME``, ``trade ACME 99.95 300``,
``be margin``, ``be cash``, ``method fifo``, ``lots=#1x5,#2.3x10`` of an order (the lots that #1
opened, and #2 by its third fill), ``lots ACME`` (those open), ``taken`` (by the last fill),
``lend RAIL 300 rate=36% easy=no``, ``lend RAIL no``,
``fees us_equity`` or ``fees crypto`` with ``version=.. rules=sec,taf,taker,maker``, and ``look``,
whose answer is the account: cash, held, positions, and with ``proceeds=yes`` what is to come and
what is unpaid. A short sale with ``locate=yes`` borrows what is hard to borrow; ``open 1000
realistic margin``.

``plan fill qty=30 price=99.50 rest=work`` (and ``symbol= side= type= part= id= prefix=yes uses=
until=``, ``code=`` of ``plan deny``, ``reason=``, ``delay=`` in seconds, ``note=``), ``forget 1``,
``forget all``, ``release #1``; events ``planned 1``, ``met 1: fill``, ``forgot 1``.

``restrict no_shorting -suspend_trade`` makes the one restriction and lifts the other. What whoever
runs the house decides: ``limit ACME limit order=5000 orders=2 leverage=1.5`` (what is allowed, and
the most), ``limit`` alone for none, ``freeze on`` and ``freeze off``; the answer names every
account it binds.

Exits: ``class=bracket tp=110.00 sl=95.00`` (``sl=95.00/94.50`` with a limit, ``sl=~2.00`` or
``sl=~1.5%`` trailing), and ``protect ACME tp=.. sl=.. qty=.. tif=..``, ``protect ACME`` to remove.

Events:  ``accepted #1``, ``queued #1``, ``held #1``, ``reduced #1 to 6``, ``activated #1`` (``for
6`` when its quantity is another one now, ``queued`` while its session is closed), ``filled #1 100
@ 99.50`` (``part`` when something is left, then ``fee <what> <dollars>``), ``triggered #1 94.00
past 95.00`` (the price and the stop), ``canceled #1 <why>``, ``expired #1 <why>``,
``replaced #1 by #2``, ``denied <rule>``, ``repeats <n>`` (the line whose answer it is); ``sent
#1``, ``arrived #1``, ``cancel of #1 sent``, ``replacement of #1 sent``, ``rejected #1 <why>``,
``replacement rejected <why>``, ``rests #1 behind 300``, ``rests #1 halted``; after a fill's price
``level 2``, ``slipped 0.02``, ``improved 0.01`` where that is so; ``charged 1.00 borrow_fee
ACME``, ``called equity 10.00 of 12.00`` (and what is required), ``call met ..``,
``liquidation ..``, ``good faith violation 1: #2 5``.

Perpetual contracts: ``mark PERP 100.00``, ``fund PERP 0.01%``, ``leverage PERP 5 isolated``, and
``reduce=yes post=yes`` of an order; ``leverage 5 isolated``, ``funding 1.00`` (what was paid),
``liquidation PERP ..`` of an isolated position, and after a fill ``insured 5.00``.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from stockyard.model import events as e
from stockyard.model.bounds import NO_LIMITS
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    ASSET_CLASS_WORDS,
    CHARGE_WORDS,
    FEE_WORDS,
    LIMIT_RULE_WORDS,
    LOT_METHOD_WORDS,
    PART_WORDS,
    PLAN_WORDS,
    REASON_WORDS,
    REST_WORDS,
    RESTRICTION_WORDS,
    SIDE_WORDS,
    TYPE_WORDS,
    Rest,
    Status,
)
from stockyard.model.denials import DENY_RULES
from stockyard.model.events import Event
from stockyard.model.facts import FeesScheduled
from stockyard.model.instruments import VenueProfile
from stockyard.model.numbers import format_cash, format_decimal, parse_decimal
from tests import engine_terms as terms
from tests.engine_world import World

_RULES: Final = {
    "sec": terms.SEC_RULE,
    "taf": terms.TAF_RULE,
    "taker": terms.TAKER_RULE,
    "maker": terms.MAKER_RULE,
}
_ASSET_CLASSES: Final = {word: number for number, word in ASSET_CLASS_WORDS.items()}
_OPTIONS: Final = {"id": "client_order_id", "class": "order_class"}
_ACCEPTED: Final = {
    Status.ACCEPTED: "queued",
    Status.HELD: "held",
    Status.PENDING_NEW: "sent",
}


def _numbers(words: dict[int, str]) -> Callable[[str], int]:
    return {word: number for number, word in words.items()}.__getitem__


_PLANNED: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "code": ("code", {rule.word: code for code, rule in DENY_RULES.items()}.__getitem__),
    "reason": ("reason", _numbers(REASON_WORDS)),
    "qty": ("qty_e9", lambda text: parse_decimal(text, 9)),
    "price": ("price_e9", lambda text: parse_decimal(text, 9)),
    "rest": ("rest", _numbers(REST_WORDS)),
    "delay": ("delay_ns", lambda text: parse_decimal(text, 9)),
    "symbol": ("instrument_id", str),
    "side": ("side", _numbers(SIDE_WORDS)),
    "type": ("order_type", _numbers(TYPE_WORDS)),
    "part": ("part", _numbers(PART_WORDS)),
    "id": ("order_name", str),
    "prefix": ("prefix", lambda text: text == "yes"),
    "uses": ("uses", int),
    "until": ("expires_ns", str),
    "note": ("note", str),
}


class Playbook:
    """A world, what was sent line by line, and how its events are told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lines: dict[int, int] = {}
        self._number = 0
        self._qty: dict[int, int] = {}

    def play(self, table: str, restarted: bool = False) -> Iterator[tuple[str, str, str]]:
        """Send each line; yields the input, the events expected and the events that came.

        ``restarted``: go on from a snapshot after every line.
        """
        for line in table.strip().splitlines():
            asked, _, expected = line.partition("|")
            if not asked.strip():
                continue
            self._number += 1
            told = self._send(asked.split())
            self._lines[self.world.engine.seq] = self._number
            if restarted:
                self.world.restart()
            yield asked.strip(), " ".join(expected.split()), told

    def _send(self, words: list[str]) -> str:
        verb, plain = words[0], [word for word in words[1:] if "=" not in word]
        options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        if verb == "look":
            number = int(options.get("account", "1"))
            return self._look(number) + (self._owed(number) if "proceeds" in options else "")
        if verb in ("lots", "taken"):
            return self._lots(plain[0]) if plain else self._taken()
        events = self._dispatch(verb, plain, options)
        return "; ".join(self._tell(event) for event in events)

    def _dispatch(self, verb: str, plain: list[str], options: dict[str, str]) -> list[Event]:
        world = self.world
        named: dict[str, str | int] = {_OPTIONS.get(k, k): v for k, v in options.items()}
        if "account" in named:
            named["account"] = int(named["account"])
        if "until" in named:
            named["until"] = "day " + str(named["until"]).replace("T", " ")
        if verb == "quote":
            return world.quote(*plain)
        if verb in ("opening", "closing"):
            price, _, qty = plain[1].partition("x")
            return world.auction(plain[0], verb, price, qty or "1000")
        if verb == "trade":
            return world.trade(*plain)
        if verb in ("buy", "sell"):
            return world.order(verb, plain[0], plain[1], **named)  # type: ignore[arg-type]
        if verb == "cancel" and plain[0] == "all":
            return world.cancel_all(*plain[1:], **named)  # type: ignore[arg-type]
        if verb in ("cancel", "replace"):
            number = int(plain[0].removeprefix("#"))
            return getattr(world, verb)(number, **named)  # type: ignore[no-any-return]
        if verb == "protect":
            return world.protect(plain[0], **named)  # type: ignore[arg-type]
        if verb == "close":
            named["cancel_orders"] = named.pop("cancel", "no") == "yes"
            return world.close(plain[0], **named)  # type: ignore[arg-type]
        if verb in ("deposit", "withdraw", "reset"):
            return getattr(world, verb)(plain[0], **named)  # type: ignore[no-any-return]
        if verb in ("mark", "fund", "leverage"):
            return getattr(world, verb)(*plain, **named)  # type: ignore[no-any-return]
        if verb == "use":
            return world.use_profile(plain[0], **named)  # type: ignore[arg-type]
        if verb == "open":
            return world.open_account(plain[0], plain[1], kind=(*plain, "cash")[2])
        if verb == "limit":
            return world.limit(*plain, **named)  # type: ignore[arg-type]
        if verb == "freeze":
            return world.freeze(*plain, **named)  # type: ignore[arg-type]
        if verb == "restrict":
            return world.restrict(*plain, **named)  # type: ignore[arg-type]
        if verb in ("plan", "forget", "release"):
            return self._plan(verb, plain, options)
        if verb == "method":
            return world.use_method(plain[0], **named)  # type: ignore[arg-type]
        if verb == "be":
            return world.use_kind(plain[0], **named)  # type: ignore[arg-type]
        return self._move(verb, plain, options)

    def _plan(self, verb: str, plain: list[str], options: dict[str, str]) -> list[Event]:
        world, account = self.world, int(options.pop("account", "1"))
        if verb == "release":
            return world.release(int(plain[0].removeprefix("#")), account)
        if verb == "forget":
            rule_id = 0 if plain[0] == "all" else self._rules(int(plain[0]))
            return world.forget(rule_id, account, **options)
        asked: dict[str, Any] = {
            _PLANNED[word][0]: _PLANNED[word][1](text) for word, text in options.items()
        }
        if "instrument_id" in asked:
            asked["instrument_id"] = world.instruments[options["symbol"]].instrument_id
        if "expires_ns" in asked:
            asked["expires_ns"] = world.time_of("day " + options["until"].replace("T", " "))
        if plain[0] == "fill":
            asked.setdefault("rest", Rest.WAITS)
        return world.plan(plain[0], account, **asked)

    def _rules(self, number: int) -> int:
        """The id of a planned outcome; they are counted from 1."""
        ids = [x.rule_id for x in self.world.events if isinstance(x, e.OutcomePlanned)]
        return ids[number - 1] if number <= len(ids) else 999_999

    def _tell_plan(self, event: e.OutcomePlanned | e.OutcomeUsed | e.OutcomesForgotten) -> str:
        ids = [x.rule_id for x in self.world.events if isinstance(x, e.OutcomePlanned)]
        number = ids.index(event.rule_id) + 1 if event.rule_id else 0
        if isinstance(event, e.OutcomePlanned):
            return f"planned {number}"
        if isinstance(event, e.OutcomesForgotten):
            return f"forgot {number or event.count}"
        return f"met {number}: {PLAN_WORDS[event.plan]}"

    def _move(self, verb: str, plain: list[str], options: dict[str, str]) -> list[Event]:
        world = self.world
        if verb == "tick":
            return world.tick(" ".join(plain))
        if verb == "define":
            return world.define(_profile(plain[0], options))
        if verb == "lend":
            there, easy = plain[1] != "no", options.get("easy") != "no"
            rate = _share(options.get("rate", "0%"))
            return world.lend(plain[0], there, easy, rate, plain[1] if there else "0")
        if verb in ("halt", "resume"):
            return world.halt(plain[0], verb == "halt")
        if verb == "fees":
            rules = tuple(_RULES[name] for name in options["rules"].split(",") if name)
            schedule = FeesScheduled(
                _ASSET_CLASSES[plain[0]], world.ts, options.get("version", "x"), rules
            )
            return world.send(schedule)
        if verb == "wait":
            world.wait(plain[0])
        elif verb == "restart":
            world.restart()
        else:
            raise ValueError(f"there is no verb {verb!r}")
        return []

    def _order(self, order_id: int) -> str:
        return f"#{self.world.orders.index(order_id) + 1}"

    def _tell(self, event: Event) -> str:
        if isinstance(event, e.OrderAccepted):
            self._qty[event.order_id] = event.qty
            return f"{_ACCEPTED.get(event.status, 'accepted')} {self._order(event.order_id)}"
        if isinstance(event, e.OrderActivated):
            return self._tell_activated(event)
        if isinstance(event, e.OrderReduced):
            _, qty_scale, _ = self._instrument(event.instrument_id)
            return (
                f"reduced {self._order(event.order_id)} to {format_decimal(event.qty, qty_scale)}"
            )
        if isinstance(event, (e.OrderRejected, e.OrderChangeSent, e.OrderRested)):
            return self._tell_venue(event)
        if isinstance(event, e.OrderTriggered):
            return self._tell_trigger(event)
        if isinstance(event, e.OrderFilled):
            return self._tell_fill(event)
        if isinstance(event, e.OrderCanceled):
            if event.order_id not in self.world.orders:
                return f"replacement canceled {REASON_WORDS[event.reason]}"
            return f"canceled {self._order(event.order_id)} {REASON_WORDS[event.reason]}"
        if isinstance(event, e.OrderExpired):
            return f"expired {self._order(event.order_id)} {REASON_WORDS[event.reason]}"
        if isinstance(event, e.OrderReplaced):
            old, new = self._order(event.order_id), self._order(event.replaced_by)
            return f"replaced {old} by {new}"
        if isinstance(event, e.CommandDenied):
            return f"denied {DENY_RULES[event.code].word}"
        if isinstance(event, e.CommandRepeated):
            return f"repeats {self._lines[event.first_seq]}"
        return self._tell_account(event)

    def _tell_venue(self, event: e.OrderRejected | e.OrderChangeSent | e.OrderRested) -> str:
        if isinstance(event, e.OrderRejected):
            known = event.order_id in self.world.orders
            which = self._order(event.order_id) if known else "replacement"
            word = REASON_WORDS[event.reason]
            return f"rejected {which} {word}" if known else f"{which} rejected {word}"
        if isinstance(event, e.OrderChangeSent):
            what = "replacement" if event.replaced_by else "cancel"
            return f"{what} of {self._order(event.order_id)} sent"
        _, qty_scale, _ = self._instrument(event.instrument_id)
        where = "halted" if event.halted else f"behind {format_decimal(event.ahead_qty, qty_scale)}"
        return f"rests {self._order(event.order_id)} {where}"

    def _tell_activated(self, event: e.OrderActivated) -> str:
        _, qty_scale, _ = self._instrument(event.instrument_id)
        word = "arrived" if event.sent_ns else "activated"
        told = f"{word} {self._order(event.order_id)}"
        if event.status == Status.ACCEPTED:
            told += " queued"
        if event.qty != self._qty[event.order_id]:
            told += f" for {format_decimal(event.qty, qty_scale)}"
        return told

    def _tell_account(self, event: Event) -> str:
        if isinstance(event, e.AccountOpened):
            return "opened"
        if isinstance(event, e.CashDeposited):
            return f"deposited {format_cash(event.amount_micros)}"
        if isinstance(event, e.CashWithdrawn):
            return f"withdrawn {format_cash(event.amount_micros)}"
        if isinstance(event, e.AccountProfileSet):
            return "profile set"
        if isinstance(event, e.PositionGivenUp):
            symbol, qty_scale, _ = self._instrument(event.instrument_id)
            return f"gave up {format_decimal(event.qty, qty_scale)} {symbol}"
        if isinstance(event, e.AccountReset):
            return f"reset to {format_cash(event.cash_micros_after)}"
        return self._tell_credit(event)

    def _lot(self, name: tuple[int, int], instrument_id: int, qty: int, cost: int) -> str:
        """A lot by the order that opened it, and which of its fills, if not the first."""
        opened = next(order_id for order_id, fills in self.world.fills.items() if name in fills)
        nth = self.world.fills[opened].index(name)
        told = self._order(opened) + (f".{nth + 1}" if nth else "")
        _, qty_scale, _ = self._instrument(instrument_id)
        told += f" {format_decimal(qty, qty_scale)}"
        return told + (f" cost {format_cash(cost)}" if cost else "")

    def _lots(self, symbol: str) -> str:
        position = self.world.position(symbol)
        return "; ".join(
            self._lot((lot.seq, lot.index), position.instrument_id, lot.qty, lot.cost_micros)
            for lot in position.lots
        )

    def _taken(self) -> str:
        fill = next(x for x in reversed(self.world.events) if isinstance(x, e.OrderFilled))
        pieces = [self._lot(p[:2], fill.instrument_id, p[2], p[3]) for p in fill.lots]
        return "; ".join([*pieces, f"realized {format_cash(fill.realized_micros)}"])

    def _tell_credit(self, event: Event) -> str:
        if isinstance(event, e.OutcomePlanned | e.OutcomeUsed | e.OutcomesForgotten):
            return self._tell_plan(event)
        if isinstance(event, e.LotMethodSet):
            return f"by {LOT_METHOD_WORDS[event.method]}"
        if isinstance(event, e.AccountRestrictionsSet):
            bits = [bit for bit in RESTRICTION_WORDS if event.restrictions & bit]
            words = [RESTRICTION_WORDS[bit] for bit in bits]
            return " ".join(["restricted", *words] if words else ["unrestricted"])
        if isinstance(event, e.AccountLimitsSet):
            bound = "unlimited" if event.limits == NO_LIMITS else "limited"
            return f"{bound} @{self.world.accounts.index(event.account_id) + 1}"
        if isinstance(event, e.TradingFreezeSet):
            word = "frozen" if event.frozen else "thawed"
            return f"{word} @{self.world.accounts.index(event.account_id) + 1}"
        if isinstance(event, e.AccountKindSet):
            return f"is {ACCOUNT_KIND_WORDS[event.kind]}"
        if isinstance(event, e.InterestCharged):
            told = f"charged {format_cash(event.amount_micros)} {CHARGE_WORDS[event.kind]}"
            return f"{told} {self._instrument(event.instrument_id)[0]}".replace(" -", "")
        if isinstance(event, e.GoodFaithViolated):
            _, qty_scale, _ = self._instrument(event.instrument_id)
            qty = format_decimal(event.qty, qty_scale)
            which = self._order(event.order_id)
            return f"good faith violation {event.violations_after}: {which} {qty}"
        if isinstance(event, e.LeverageSet):
            return f"leverage {event.leverage} {'isolated' if event.isolated else 'cross'}"
        if isinstance(event, e.FundingPaid):
            return f"funding {format_cash(event.amount_micros)}"
        assert isinstance(event, (e.MarginCalled, e.MarginCallMet, e.LiquidationStarted))
        words = {e.MarginCalled: "called", e.MarginCallMet: "call met"}
        equity, required = format_cash(event.equity_micros), format_cash(event.maintenance_micros)
        word = words.get(type(event), "liquidation")
        if isinstance(event, e.LiquidationStarted) and event.instrument_id:
            word += f" {self._instrument(event.instrument_id)[0]}"
        return f"{word} equity {equity} of {required}"

    def _tell_fill(self, event: e.OrderFilled) -> str:
        _, qty_scale, price_scale = self._instrument(event.instrument_id)
        qty = format_decimal(event.qty, qty_scale)
        price = format_decimal(event.price, price_scale, 2)
        told = f"filled {self._order(event.order_id)} {qty} @ {price}"
        if event.filled_qty < event.order_qty:
            told += " part"
        if event.level:
            told += f" level {event.level}"
        if event.slippage:
            told += f" slipped {format_decimal(event.slippage, price_scale, 2)}"
        if event.improvement:
            told += f" improved {format_decimal(event.improvement, price_scale, 2)}"
        if event.insured_micros:
            told += f" insured {format_cash(event.insured_micros)}"
        return told + "".join(
            f" fee {FEE_WORDS[kind]} {format_cash(micros)}" for kind, micros in event.fees
        )

    def _tell_trigger(self, event: e.OrderTriggered) -> str:
        _, _, price_scale = self._instrument(event.instrument_id)
        price = format_decimal(event.price, price_scale, 2)
        stop = format_decimal(event.stop_price, price_scale, 2)
        return f"triggered {self._order(event.order_id)} {price} past {stop}"

    def _instrument(self, instrument_id: int) -> tuple[str, int, int]:
        if instrument_id == 0:
            return "-", 0, 0
        for symbol, instrument in self.world.instruments.items():
            if instrument.instrument_id == instrument_id:
                return symbol, instrument.qty_scale, instrument.price_scale
        raise AssertionError(f"no instrument {instrument_id}")

    def _look(self, number: int) -> str:
        account = self.world.account(number)
        told = f"cash {format_cash(account.cash_micros)}"
        if account.held_micros:
            told += f" held {format_cash(account.held_micros)}"
        for position in account.positions:
            symbol, qty_scale, _ = self._instrument(position.instrument_id)
            if position.qty:
                told += f"; {format_decimal(position.qty, qty_scale)} {symbol}"
                if position.held_qty:
                    told += f" held {format_decimal(position.held_qty, qty_scale)}"
                told += f" cost {format_cash(position.cost_micros)}"
            if position.pot_micros:
                told += f" pot {format_cash(position.pot_micros)}"
            if position.realized_micros:
                told += f" realized {format_cash(position.realized_micros)}"
        return told

    def _owed(self, number: int) -> str:
        """Proceeds that have not come, and what was bought with such."""
        account, ts = self.world.account(number), self.world.ts
        coming = sum(micros for at_ns, micros in account.unsettled if at_ns > ts)
        told = f"; {format_cash(coming)} to come" if coming else ""
        for position in account.positions:
            if position.unpaid_until_ns > ts:
                symbol, qty_scale, _ = self._instrument(position.instrument_id)
                told += f"; {format_decimal(position.unpaid_qty, qty_scale)} {symbol} unpaid"
        return told


def _share(text: str) -> int:
    """A percentage in millionths."""
    return parse_decimal(text.removesuffix("%"), 4)


def _profile(name: str, options: dict[str, str]) -> VenueProfile:
    known = {profile.name: profile for profile in terms.ALL_PROFILES}[name]
    rules = {word: rule for rule, word in LIMIT_RULE_WORDS.items()}
    return VenueProfile(
        known.profile_id,
        int(options["version"]),
        name,
        size_bounded=options["bounded"] == "yes",
        fees=options["fees"] == "yes",
        quote_age_ns_max=int(options.get("age", "0")) * terms.SECOND,
        size_cap_ppm=_share(options.get("cap", "100%")),
        depth_levels=int(options.get("levels", "0")),
        depth_step_bps=int(options.get("step", "0")),
        depth_size_ppm=_share(options.get("size", "0%")),
        limit_rule=rules[options.get("rule", "touch")],
        latency_ns=parse_decimal(options.get("latency", "0"), 9),
        slippage_bps=int(options.get("slip", "0")),
        improvement_ppm=_share(options.get("improve", "0%")),
        improvement_odds_ppm=_share(options.get("odds", "0%")),
        deny_halted=options.get("halt") == "deny",
        deny_stale=options.get("stale") == "deny",
        reject_ppm=_share(options.get("reject", "0%")),
    )


def check(world: World, table: str, restarted: bool = False) -> None:
    """Play a table and compare it line by line, showing the whole of it when it differs."""
    asked, expected, told = zip(*Playbook(world).play(table, restarted), strict=True)
    wanted = [f"{line} | {events}" for line, events in zip(asked, expected, strict=True)]
    came = [f"{line} | {events}" for line, events in zip(asked, told, strict=True)]
    assert came == wanted, "what came:\n" + "\n".join(came)
