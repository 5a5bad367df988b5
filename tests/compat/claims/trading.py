"""Claims about orders and positions."""

from typing import Any, Final

from tests.compat.claims.stage import Body, Stage
from tests.compat.claims.words import (
    Check,
    Claim,
    Endpoint,
    Sample,
    Section,
    absent,
    answers,
    behaviour,
    both,
    endpoint,
    field,
    fields,
    gets,
    no_parameter,
    not_there,
    parameter,
    refuses,
)

ORDERS: Final = "/v2/orders"
POSITIONS: Final = "/v2/positions"
NO_OPTIONS: Final = "comes with options"
ORDER: Final = (
    "id:uuid client_order_id:text created_at:time updated_at:time submitted_at:time"
    " filled_at:time? expired_at:time? expires_at:time? canceled_at:time? failed_at:time?"
    " replaced_at:time? replaced_by:uuid? replaces:uuid? asset_id:uuid symbol:text"
    " asset_class:text notional:dec? qty:dec? filled_qty:dec filled_avg_price:dec?"
    " order_class:text order_type:text type:text side:text time_in_force:text limit_price:dec?"
    " stop_price:dec? status:text extended_hours:bool legs:list? trail_percent:dec?"
    " trail_price:dec? hwm:dec? position_intent:text"
)
MISSING_ID: Final = "00000000-0000-4000-8000-000000000000"


def _resting(stage: Stage) -> Body:
    with stage.order() as found:
        return found


def _bought(stage: Stage) -> Body:
    return stage.bought()


def _shows(told: dict[str, Any], **said: Any) -> Check:
    """An order that is placed with these says those."""

    def check(stage: Stage) -> None:
        with stage.order(**said) as found:
            for name, value in told.items():
                assert found[name] == value, (name, found[name])

    return check


def _near(stage: Stage, share: float) -> str:
    return f"{stage.price() * share:.2f}"


def _stop(stage: Stage) -> None:
    stop = _near(stage, 1.1)
    with stage.order(type="stop", limit_price=None, stop_price=stop) as found:
        assert float(found["stop_price"]) == float(stop)
    limit = _near(stage, 1.2)
    with stage.order(type="stop_limit", limit_price=limit, stop_price=stop) as found:
        assert (found["type"], float(found["limit_price"])) == ("stop_limit", float(limit))


def _trail(name: str, said: float, told: str) -> Check:
    def check(stage: Stage) -> None:
        more = {"type": "trailing_stop", "limit_price": None, name: said}
        with stage.order(**more) as found:
            assert float(found[name]) == float(told)
            shown = stage.get(f"{ORDERS}/{found['id']}")
            assert float(shown["stop_price"]) > stage.price()
            assert float(shown["hwm"]) > 0

    return check


def _notional(stage: Stage) -> None:
    found = stage.placed(
        qty=None, notional=25.5, type="market", limit_price=None, time_in_force="day"
    )
    assert (found["qty"], float(found["notional"])) == (None, 25.5)
    stage.until(f"{ORDERS}/{found['id']}", lambda order: order["status"] == "filled")


def _client_order_id(stage: Stage) -> None:
    name = stage.name()
    with stage.order(client_order_id=name) as found:
        assert found["client_order_id"] == name
        again = {
            "symbol": "AAPL", "qty": 1, "side": "buy", "type": "market", "time_in_force": "day",
            "client_order_id": name,
        }  # fmt: skip
        refuses("POST", ORDERS, 422, 40010001, again)(stage)
    with stage.order() as found:
        assert found["client_order_id"]


def _bracket(stage: Stage) -> None:
    legs = {
        "take_profit": {"limit_price": _near(stage, 1.2)},
        "stop_loss": {"stop_price": _near(stage, 0.7), "limit_price": _near(stage, 0.69)},
    }
    with stage.order(order_class="bracket", **legs) as found:
        profit, loss = found["legs"]
        assert (profit["type"], loss["type"], loss["status"]) == ("limit", "stop_limit", "held")


def _oco(stage: Stage) -> None:
    stage.once(_bought)
    with stage.order(
        side="sell",
        limit_price=None,
        order_class="oco",
        take_profit={"limit_price": _near(stage, 1.2)},
        stop_loss={"stop_price": _near(stage, 0.8)},
    ) as found:
        assert (found["order_class"], found["type"]) == ("oco", "limit")
        nested = stage.get(f"{ORDERS}/{found['id']}?nested=true")
        assert [leg["type"] for leg in nested["legs"]] == ["stop"]


def _oto(stage: Stage) -> None:
    stop = {"stop_price": _near(stage, 0.7)}
    with stage.order(order_class="oto", stop_loss=stop) as found:
        assert [leg["type"] for leg in found["legs"]] == ["stop"]


def _order_classes(stage: Stage) -> None:
    for check in (_bracket, _oco, _oto, _shows({"order_class": ""}, order_class="simple")):
        check(stage)


def _types(stage: Stage) -> None:
    stage.once(_bought)
    _stop(stage)
    _trail("trail_percent", 1.5, "1.5")(stage)
    _shows({"type": "limit", "order_type": "limit"})(stage)


def _times_in_force(stage: Stage) -> None:
    for word in ("day", "gtc", "ioc", "fok"):
        with stage.order(time_in_force=word) as found:
            assert found["time_in_force"] == word
    refuses("POST", ORDERS, 422, 42210000, {**_plain(stage), "time_in_force": "gtd"})(stage)


def _plain(stage: Stage) -> Body:
    return {
        "symbol": "AAPL", "qty": 1, "side": "buy", "type": "limit", "time_in_force": "day",
        "limit_price": _near(stage, 0.8),
    }  # fmt: skip


def _auctions(stage: Stage) -> None:
    for word in ("opg", "cls"):
        refuses("POST", ORDERS, 422, 42210000, {**_plain(stage), "time_in_force": word})(stage)


def _sides(stage: Stage) -> None:
    stage.once(_bought)
    sell = {"side": "sell", "limit_price": _near(stage, 1.2)}
    _shows({"side": "sell", "position_intent": "sell_to_close"}, **sell)(stage)
    _shows({"side": "buy"})(stage)


def _intent(stage: Stage) -> None:
    _shows({"position_intent": "buy_to_open"}, position_intent="buy_to_open")(stage)
    wrong = {**_plain(stage), "position_intent": "sell_to_open"}
    refuses("POST", ORDERS, 422, 42210000, wrong)(stage)


def _numbers(stage: Stage) -> None:
    price = _near(stage, 0.8)
    for said in (price, float(price)):
        with stage.order(limit_price=said, qty=1.0) as found:
            assert (float(found["limit_price"]), found["qty"]) == (float(price), "1")


def _as_taken(stage: Stage) -> None:
    found = stage.placed(type="market", limit_price=None, time_in_force="day")
    assert (found["status"], found["filled_qty"]) == ("new", "0")
    stage.until(f"{ORDERS}/{found['id']}", lambda order: order["status"] == "filled")


def _crypto(stage: Stage) -> None:
    pair = {"symbol": "BTC/USD", "qty": "0.001", "limit_price": "50000"}
    with stage.order(**pair) as found:
        assert (found["symbol"], found["asset_class"]) == ("BTC/USD", "crypto")
    wrong = {**pair, "side": "buy", "type": "limit", "time_in_force": "day"}
    refuses("POST", ORDERS, 422, 42210000, wrong)(stage)


def _ticks(stage: Stage) -> None:
    off = {**_plain(stage), "limit_price": "150.255"}
    refuses("POST", ORDERS, 422, 42210000, off)(stage)


def _too_dear(stage: Stage) -> None:
    body = {**_plain(stage), "qty": 100_000}
    found, said = stage.ask("POST", ORDERS, body)
    assert (found, said["code"]) == (403, 40310000)
    assert {"buying_power", "cost_basis"} <= said.keys()


def _too_many(stage: Stage) -> None:
    stage.once(_bought)
    body = {**_plain(stage), "side": "sell", "qty": 5_000, "limit_price": _near(stage, 1.2)}
    found, said = stage.ask("POST", ORDERS, body)
    assert (found, said["code"]) == (403, 40310000)
    assert {"available", "existing_qty", "held_for_orders", "symbol"} <= said.keys()


_MLEG: Final = {
    "qty": 1, "type": "limit", "limit_price": 1.25, "time_in_force": "day", "order_class": "mleg",
    "legs": [
        {"symbol": "AAPL261218C00150000", "ratio_qty": 1, "side": "buy"},
        {"symbol": "AAPL261218C00160000", "ratio_qty": 1, "side": "sell"},
    ],
}  # fmt: skip
_NO_LEGS: Final = refuses("POST", ORDERS, 422, 42210000, _MLEG, "not_offered")


def _placing() -> Endpoint:
    return endpoint(
        f"POST {ORDERS}",
        "submit_order",
        answers(_resting),
        fields(_resting, ORDER),
        field(_resting, "ratio_qty:dec?", "null: it belongs to option legs", None),
        field(_resting, "subtag:text?", "always null", None),
        field(_resting, "source:text?", "always null", None),
        parameter("symbol", both(_shows({"symbol": "AAPL"}), _crypto)),
        parameter("qty", _shows({"qty": "3"}, qty=3)),
        parameter("notional", _notional),
        parameter("side", _sides),
        parameter("type", _types),
        parameter(
            "time_in_force",
            both(_times_in_force, _auctions),
            "`day`, `gtc`, `ioc` and `fok` work; `opg` and `cls` only where stocks have an"
            " exchange's sessions (`--calendar xnys`), for without them there is no auction",
        ),
        parameter("limit_price", _numbers),
        parameter("stop_price", _stop),
        parameter("trail_price", _trail("trail_price", 5, "5")),
        parameter("trail_percent", _trail("trail_percent", 1.5, "1.5")),
        parameter(
            "extended_hours", _shows({"extended_hours": True}, extended_hours=True),
        ),
        parameter("client_order_id", _client_order_id),
        parameter("order_class", _order_classes),
        parameter("take_profit", both(_bracket, _oco)),
        parameter("stop_loss", both(_bracket, _oco, _oto)),
        parameter("position_intent", _intent),
        no_parameter("legs", _NO_LEGS, NO_OPTIONS),
        parameter(
            "advanced_instructions",
            _shows({"status": "new"}, advanced_instructions={"algorithm": "VWAP"}),
            "ignored: nothing is routed",
        ),
        behaviour("numbers and numeric strings mean the same", _numbers),
        behaviour("rules of coins: `gtc` or `ioc`, no legs", _crypto),
        behaviour("a price off the tick is 422/42210000", _ticks),
        behaviour("insufficient buying power is 403/40310000 with its keys", _too_dear),
        behaviour("insufficient quantity is 403/40310000 with its keys", _too_many),
        behaviour("a client_order_id twice is 422/40010001", _client_order_id),
        behaviour("the answer is the order as it was taken; fills follow", _as_taken),
    )  # fmt: skip


def _three(stage: Stage) -> list[Body]:
    """Orders of two symbols and both sides, one of them ended: kept for every listing."""
    stage.once(_bought)
    far = f"{stage.price('MSFT') * 0.8:.2f}"
    found = [
        stage.placed(),
        stage.placed(symbol="MSFT", limit_price=far),
        stage.placed(side="sell", limit_price=_near(stage, 1.2)),
        stage.placed(symbol="BTC/USD", qty="0.001", limit_price="50000"),
    ]
    gone = stage.placed(limit_price=_near(stage, 0.79))
    stage.ask("DELETE", f"{ORDERS}/{gone['id']}")
    return [*found, gone]


def _lists(query: str, wanted: str) -> Check:
    """Of the four open orders and the canceled one these are listed: their numbers."""

    def check(stage: Stage) -> None:
        rows = stage.once(_three)
        ids = [row["id"] for row in rows]
        asked = query.format(
            after=rows[1]["submitted_at"], after_id=ids[1], until=rows[2]["submitted_at"]
        )
        found = [row["id"] for row in stage.get(f"{ORDERS}?limit=500&{asked}")]
        listed = [str(ids.index(one)) for one in found if one in ids]
        assert "".join(listed) == wanted, (query, listed)

    return check


def _limit(stage: Stage) -> None:
    stage.once(_three)
    assert len(stage.get(f"{ORDERS}?limit=2")) == 2
    refuses("GET", f"{ORDERS}?limit=501", 422, 40010001)(stage)


def _nested(stage: Stage) -> None:
    legs = {
        "take_profit": {"limit_price": _near(stage, 1.2)},
        "stop_loss": {"stop_price": _near(stage, 0.7)},
    }
    with stage.order(order_class="bracket", **legs) as found:
        ids = {leg["id"] for leg in found["legs"]}
        flat = stage.get(f"{ORDERS}?limit=500")
        assert ids <= {row["id"] for row in flat}
        nested = stage.get(f"{ORDERS}?limit=500&nested=True")
        assert not ids & {row["id"] for row in nested}
        (main,) = (row for row in nested if row["id"] == found["id"])
        assert ids == {leg["id"] for leg in main["legs"]}
        assert {leg["id"] for leg in _read(stage, found, "?nested=true")["legs"]} == ids
        assert _read(stage, found)["legs"] is None


def _read(stage: Stage, order: Body, query: str = "") -> Any:
    return stage.get(f"{ORDERS}/{order['id']}{query}")


def _listing() -> Endpoint:
    return endpoint(
        f"GET {ORDERS}",
        "get_orders",
        answers(_lists("", "3210")),
        parameter(
            "status",
            both(
                _lists("status=open", "3210"),
                _lists("status=closed", "4"),
                _lists("status=all", "43210"),
            ),
        ),
        parameter("limit", _limit),
        parameter("after", _lists("status=all&after={after}", "432")),
        parameter("until", _lists("status=all&until={until}", "10")),
        parameter("direction", _lists("direction=asc", "0123")),
        parameter("nested", _nested),
        parameter("symbols", _lists("symbols=MSFT,BTC/USD", "31")),
        parameter("side", both(_lists("side=sell", "2"), _lists("side=buy", "310"))),
        parameter("asset_class", _lists("asset_class=crypto", "3")),
        parameter("before_order_id", _lists("before_order_id={after_id}", "0")),
        parameter("after_order_id", _lists("after_order_id={after_id}", "32")),
    )


def _cancel(stage: Stage) -> None:
    found = stage.placed()
    stage.done("DELETE", f"{ORDERS}/{found['id']}", status=204)
    assert _read(stage, found)["status"] == "canceled"
    refuses("DELETE", f"{ORDERS}/{found['id']}", 422, 42210000)(stage)
    refuses("DELETE", f"{ORDERS}/{MISSING_ID}", 404, 40410000)(stage)


def _cancel_all(stage: Stage) -> list[Body]:
    found = stage.placed()
    rows: list[Body] = stage.done("DELETE", ORDERS, status=207)
    assert found["id"] in [row["id"] for row in rows]
    assert {row["status"] for row in rows} == {200}
    assert stage.get(ORDERS) == []
    return rows


def _first_canceled(stage: Stage) -> Body:
    return _cancel_all(stage)[0]


def _replaced(said: Body, told: Body, **placed: Any) -> Check:
    def check(stage: Stage) -> None:
        found = stage.placed(**placed)
        new = stage.done("PATCH", f"{ORDERS}/{found['id']}", said)
        assert new["id"] != found["id"]
        assert new["replaces"] == found["id"]
        old = _read(stage, found)
        assert (old["status"], old["replaced_by"]) == ("replaced", new["id"])
        for name, value in told.items():
            assert new[name] == value, (name, new[name])
        stage.ask("DELETE", f"{ORDERS}/{new['id']}")

    return check


def _replaced_stop(stage: Stage) -> None:
    stop, other = _near(stage, 1.1), _near(stage, 1.15)
    placed = {"type": "stop", "limit_price": None, "stop_price": stop}
    _replaced({"stop_price": float(other)}, {"stop_price": other}, **placed)(stage)


def _replaced_name(stage: Stage) -> None:
    name = stage.name()
    _replaced({"client_order_id": name, "qty": 3}, {"client_order_id": name})(stage)
    with stage.order() as found:
        path = f"{ORDERS}/{found['id']}"
        refuses("PATCH", path, 422, 40010001, {"client_order_id": stage.name()})(stage)


def _replaced_price(stage: Stage) -> None:
    price = _near(stage, 0.85)
    _replaced({"limit_price": float(price)}, {"limit_price": price})(stage)


def _not_replaced(stage: Stage) -> None:
    order = stage.once(_bought)
    refuses("PATCH", f"{ORDERS}/{order['id']}", 422, 42210000, {"qty": 2})(stage)


def _by_name(stage: Stage) -> None:
    name = stage.name()
    path = f"{ORDERS}:by_client_order_id?client_order_id="
    with stage.order(client_order_id=name) as found:
        assert stage.get(path + name)["id"] == found["id"]
    refuses("GET", f"{path}{name}-2", 404, 40410000)(stage)


_DAY: Final = {"time_in_force": "day"}
_TRAIL: Final = {"type": "trailing_stop", "limit_price": None, "trail_price": 5}
ORDER_SECTION: Final = Section(
    "Orders",
    (
        _placing(),
        _listing(),
        endpoint(
            f"GET {ORDERS}/{{order_id}}",
            "get_order_by_id",
            answers(
                both(
                    lambda stage: _read(stage, stage.once(_bought)),
                    refuses("GET", f"{ORDERS}/{MISSING_ID}", 404, 40410000),
                )
            ),
            parameter("nested", _nested),
        ),
        endpoint(
            f"GET {ORDERS}:by_client_order_id",
            "get_order_by_client_id",
            answers(_by_name),
            parameter("client_order_id", _by_name),
        ),
        endpoint(
            f"PATCH {ORDERS}/{{order_id}}",
            "replace_order_by_id",
            answers(_replaced({"qty": 3}, {"qty": "3"})),
            parameter("qty", _replaced({"qty": 3}, {"qty": "3"})),
            parameter("time_in_force", _replaced(_DAY, _DAY)),
            parameter("limit_price", _replaced_price),
            parameter("stop_price", _replaced_stop),
            parameter("trail", _replaced({"trail": 6}, {"trail_price": "6.00"}, **_TRAIL)),
            parameter("client_order_id", _replaced_name, "not alone: something else must change"),
            behaviour("an order that has ended is 422/42210000", _not_replaced),
            behaviour(
                "`pending_replace`",
                _replaced({"qty": 3}, {"status": "new"}),
                "an order is replaced at once, unless the account's profile has latency",
            ),
        ),
        endpoint(
            f"DELETE {ORDERS}/{{order_id}}",
            "cancel_order_by_id",
            answers(_cancel),
            behaviour(
                "`pending_cancel`",
                _cancel,
                "an order is canceled at once, unless the account's profile has latency",
            ),
        ),
        endpoint(
            f"DELETE {ORDERS}",
            "cancel_orders",
            answers(_cancel_all),
            fields(_first_canceled, "id:uuid status:int body:object"),
        ),
    ),
)  # fmt: skip


def _position(stage: Stage) -> Body:
    stage.once(_bought)
    (row,) = (row for row in stage.get(POSITIONS) if row["symbol"] == "AAPL")
    return row


def _by_either(stage: Stage) -> None:
    row = _position(stage)
    for name in ("AAPL", row["asset_id"]):
        assert stage.get(f"{POSITIONS}/{name}")["qty"] == row["qty"]
    refuses("GET", f"{POSITIONS}/NVDA", 404, 40410000)(stage)


def _spellings(stage: Stage) -> None:
    stage.placed(symbol="BTC/USD", qty="0.01", type="market", limit_price=None)
    stage.until(POSITIONS, lambda rows: any(row["symbol"] == "BTC/USD" for row in rows))
    for name in ("BTCUSD", "BTC/USD", "BTC%2FUSD"):
        assert stage.get(f"{POSITIONS}/{name}")["symbol"] == "BTC/USD"


def _closes(query: str, left: str) -> Check:
    def check(stage: Stage) -> None:
        stage.bought("GOOGL", "8")
        order = stage.done("DELETE", f"{POSITIONS}/GOOGL{query}")
        assert (order["symbol"], order["side"], order["type"]) == ("GOOGL", "sell", "market")
        if left == "0":
            assert stage.ask("GET", f"{POSITIONS}/GOOGL")[0] == 404
        else:
            assert stage.get(f"{POSITIONS}/GOOGL")["qty"] == left
            stage.done("DELETE", f"{POSITIONS}/GOOGL")

    return check


def _available(stage: Stage) -> None:
    stage.bought("AMZN", "4")
    price = f"{stage.price('AMZN') * 1.2:.2f}"
    with stage.order(symbol="AMZN", side="sell", qty="3", limit_price=price):
        row = stage.get(f"{POSITIONS}/AMZN")
        assert (row["qty"], row["qty_available"]) == ("4", "1")
    stage.done("DELETE", f"{POSITIONS}/AMZN")


_POSITION: Final = (
    "asset_id:uuid symbol:text exchange:text asset_class:text asset_marginable:bool"
    " avg_entry_price:dec qty:dec qty_available:dec side:text market_value:dec cost_basis:dec"
    " unrealized_pl:dec unrealized_plpc:dec unrealized_intraday_pl:dec"
    " unrealized_intraday_plpc:dec current_price:dec"
)


def _closed_all(stage: Stage) -> Body:
    stage.bought("META", "1")
    price = f"{stage.price('META') * 1.2:.2f}"
    stage.placed(symbol="META", side="sell", limit_price=price)
    rows: list[Body] = stage.done("DELETE", f"{POSITIONS}?cancel_orders=True", status=207)
    assert {row["status"] for row in rows} == {200}
    assert stage.get(POSITIONS) == stage.get(ORDERS) == []
    return rows[0]


def _kept_open(stage: Stage) -> None:
    stage.bought("META", "1")
    price = f"{stage.price('META') * 1.2:.2f}"
    with stage.order(symbol="META", side="sell", limit_price=price):
        rows = stage.done("DELETE", POSITIONS, status=207)
        (row,) = (row for row in rows if row["symbol"] == "META")
        assert row["status"] == 403
        assert {"code", "message"} <= row["body"].keys()
    stage.ask("DELETE", f"{POSITIONS}?cancel_orders=true")


def _exercise(word: str, client: str) -> Endpoint:
    path = f"{POSITIONS}/AAPL261218C00150000/{word}"
    refused = refuses("POST", path, 422, 42210000, reason="not_offered")
    return endpoint(
        f"POST {POSITIONS}/{{symbol_or_contract_id}}/{word}", client, not_there(refused, NO_OPTIONS)
    )


def _last_day(name: str, kind: str) -> Claim:
    sample: Sample = _position
    why = "from the last close that is known here; before there is one, the current price"
    return field(sample, f"{name}:{kind}", why)


POSITION_SECTION: Final = Section(
    "Positions",
    (
        endpoint(
            f"GET {POSITIONS}",
            "get_all_positions",
            answers(gets(POSITIONS)),
            fields(_position, _POSITION),
            _last_day("lastday_price", "dec"),
            _last_day("change_today", "dec"),
            *(
                absent(_position, name, "of accounts in other currencies")
                for name in ("swap_rate", "avg_entry_swap_rate", "usd")
            ),
            behaviour("`qty_available` is less what open orders hold", _available),
        ),
        endpoint(
            f"GET {POSITIONS}/{{symbol_or_asset_id}}",
            "get_open_position",
            answers(_by_either),
            behaviour("coins in any spelling: `BTCUSD`, `BTC/USD`, `BTC%2FUSD`", _spellings),
        ),
        endpoint(
            f"DELETE {POSITIONS}/{{symbol_or_asset_id}}",
            "close_position",
            answers(_closes("", "0")),
            parameter("qty", _closes("?qty=3", "5")),
            parameter("percentage", _closes("?percentage=50", "4")),
        ),
        endpoint(
            f"DELETE {POSITIONS}",
            "close_all_positions",
            answers(both(_kept_open, _closed_all)),
            fields(_closed_all, "symbol:text status:int body:object"),
            parameter("cancel_orders", both(_kept_open, _closed_all)),
        ),
        _exercise("exercise", "exercise_options_position"),
        _exercise("do-not-exercise", ""),
    ),
)
