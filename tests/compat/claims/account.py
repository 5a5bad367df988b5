"""Claims about credentials, errors, the account, assets, clock, calendar and watchlists."""

import re
from base64 import b64encode
from http.client import HTTPConnection
from typing import Any, Final

from tests.compat.claims import history
from tests.compat.claims.stage import Body, Stage
from tests.compat.claims.words import (
    Check,
    Claim,
    Endpoint,
    Section,
    absent,
    answers,
    behaviour,
    both,
    endpoint,
    field,
    fields,
    gets,
    parameter,
    refuses,
    tells_apart,
)

ACCOUNT: Final = "/v2/account"
CONFIGURATIONS: Final = "/v2/account/configurations"
ASSETS: Final = "/v2/assets"
LISTS: Final = "/v2/watchlists"
CONTRACTS: Final = "/v2/options/contracts"
ANNOUNCEMENTS: Final = "/v2/corporate_actions/announcements"
MISSING_ID: Final = "00000000-0000-4000-8000-000000000000"
GONE: Final = "Alpaca gave it up in 2026 with the day-trading rule"


def _raw(stage: Stage, headers: dict[str, str], path: str = ACCOUNT) -> tuple[int, dict[str, str]]:
    """Status and headers of a GET with just these headers."""
    connection = HTTPConnection(stage.server.host, stage.server.port, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def _keys(stage: Stage) -> None:
    demo = stage.server.demo
    pair = {"APCA-API-KEY-ID": demo["api_key"], "APCA-API-SECRET-KEY": demo["api_secret"]}
    assert _raw(stage, pair)[0] == 200


def _basic(stage: Stage) -> None:
    demo = stage.server.demo
    pair = b64encode(f"{demo['api_key']}:{demo['api_secret']}".encode()).decode()
    assert _raw(stage, {"Authorization": f"Basic {pair}"})[0] == 200


def _bearer(stage: Stage) -> None:
    demo = stage.server.demo
    said = {"email": demo["email"], "password": demo["password"]}
    session = stage.done("POST", "/api/v1/auth/login", said)
    token = session.get("token") or session.get("access_token")
    assert _raw(stage, {"Authorization": f"Bearer {token}"})[0] == 200


def _unknown(stage: Stage) -> None:
    wrong = {"APCA-API-KEY-ID": "nobody", "APCA-API-SECRET-KEY": "nothing"}
    for headers in (wrong, {"APCA-API-KEY-ID": "", "APCA-API-SECRET-KEY": ""}):
        status, said = stage.ask("GET", ACCOUNT, headers=headers)
        assert (status, said["code"]) == (401, 40110000), said


def _headers(*names: str) -> Check:
    def check(stage: Stage) -> None:
        demo = stage.server.demo
        pair = {"APCA-API-KEY-ID": demo["api_key"], "APCA-API-SECRET-KEY": demo["api_secret"]}
        found = _raw(stage, pair)[1]
        for name in names:
            assert found[name]

    return check


def _limited(stage: Stage) -> None:
    client = stage.narrow()
    answers = [client.ask("GET", ACCOUNT) for _ in range(7)]
    client.close()
    status, said = answers[-1]
    assert answers[0][0] == 200
    assert (status, said["code"]) == (429, 42910000)


def _not_json(stage: Stage) -> None:
    connection = HTTPConnection(stage.server.host, stage.server.port, timeout=20)
    demo = stage.server.demo
    connection.request(
        "POST", "/v2/orders", body=b"{",
        headers={
            "APCA-API-KEY-ID": demo["api_key"], "APCA-API-SECRET-KEY": demo["api_secret"],
            "Content-Type": "application/json",
        },
    )  # fmt: skip
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == 400
    assert b"40010000" in said


HTTP_SECTION: Final = Section(
    "Credentials, errors and limits",
    (
        endpoint(
            "every request",
            "",
            answers(_keys),
            behaviour("`APCA-API-KEY-ID` and `APCA-API-SECRET-KEY`", _keys),
            behaviour("basic authentication with the same pair", _basic),
            behaviour(
                "bearer tokens", _bearer, "of a sign-in here (`POST /api/v1/auth/login`): no OAuth"
            ),
            behaviour("wrong or missing credentials are 401/40110000", _unknown),
            behaviour("`X-Request-ID`", _headers("x-request-id")),
            behaviour(
                "`X-RateLimit-Limit`, `-Remaining` and `-Reset`",
                _headers("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
            ),
            behaviour(
                "one request too many is 429/42910000",
                _limited,
                "as many a minute as `STOCKYARD_ALPACA_REQUESTS_PER_MINUTE` says, a million unless"
                " told otherwise; at Alpaca 200",
            ),
            behaviour("a body that is not JSON is 400/40010000", _not_json),
            behaviour(
                "a path that is not there is 404/40410000",
                refuses("GET", "/v2/nothing", 404, 40410000),
            ),
            behaviour(
                "`reason`",
                refuses("GET", "/v2/positions/NVDA", 404, 40410000, reason="no_position"),
                "beside `code` and `message` stands the native word for the rule",
            ),
        ),
    ),
)


def _account(stage: Stage) -> Any:
    return stage.get(ACCOUNT)


def _zero(name: str, why: str, kind: str = "dec") -> Claim:
    return field(_account, f"{name}:{kind}", why, "0" if kind == "dec" else 0)


def _sums(stage: Stage) -> None:
    found = stage.get(ACCOUNT)
    parts = ("cash", "long_market_value", "short_market_value")
    assert abs(sum(float(found[name]) for name in parts) - float(found["equity"])) < 0.01


def _configurations(stage: Stage) -> Any:
    return stage.get(CONFIGURATIONS)


def _changes(name: str, value: Any) -> Check:
    """A configuration is changed, told, and put back; null leaves it."""

    def check(stage: Stage) -> None:
        before = stage.get(CONFIGURATIONS)
        assert before[name] != value
        assert stage.done("PATCH", CONFIGURATIONS, {name: value})[name] == value
        assert stage.done("PATCH", CONFIGURATIONS, {name: None})[name] == value
        if before[name] is not None:
            stage.done("PATCH", CONFIGURATIONS, {name: before[name]})
            assert stage.get(CONFIGURATIONS) == before

    return check


def _suspended(stage: Stage) -> None:
    stage.done("PATCH", CONFIGURATIONS, {"suspend_trade": True})
    order = {"symbol": "AAPL", "qty": 1, "side": "buy", "type": "market", "time_in_force": "day"}
    refuses("POST", "/v2/orders", 403, 40310000, order)(stage)
    stage.done("PATCH", CONFIGURATIONS, {"suspend_trade": False})


_KEPT: Final = "kept, and does nothing: there is nothing of the kind here"


ACCOUNT_SECTION: Final = Section(
    "Account",
    (
        endpoint(
            f"GET {ACCOUNT}",
            "get_account",
            answers(gets(ACCOUNT)),
            fields(
                _account,
                "id:uuid account_number:text status:text crypto_status:text currency:text cash:dec"
                " portfolio_value:dec equity:dec last_equity:dec long_market_value:dec"
                " short_market_value:dec position_market_value:dec initial_margin:dec"
                " maintenance_margin:dec buying_power:dec regt_buying_power:dec"
                " effective_buying_power:dec non_marginable_buying_power:dec multiplier:dec"
                " shorting_enabled:bool trading_blocked:bool transfers_blocked:bool"
                " account_blocked:bool trade_suspended_by_user:bool crypto_tier:int"
                " balance_asof:day created_at:time",
            ),
            _zero("last_maintenance_margin", "always 0"),
            _zero("sma", "always 0: no special memorandum account is kept"),
            _zero("options_buying_power", "0 until options come"),
            _zero("options_approved_level", "0 until options come", "int"),
            _zero("options_trading_level", "0 until options come", "int"),
            _zero("accrued_fees", "always 0: fees are taken with the fill"),
            _zero("pending_transfer_in", "always 0: money moves at once"),
            _zero("pending_transfer_out", "always 0: money moves at once"),
            _zero("pending_reg_taf_fees", "always 0: fees are taken with the fill"),
            _zero("intraday_adjustments", "always 0"),
            *(
                absent(_account, name, GONE)
                for name in ("pattern_day_trader", "daytrade_count", "daytrading_buying_power")
            ),
            behaviour("`equity` is `cash` plus both market values", _sums),
        ),
        endpoint(
            f"GET {CONFIGURATIONS}",
            "get_account_configurations",
            answers(gets(CONFIGURATIONS)),
            fields(
                _configurations,
                "fractional_trading:bool max_margin_multiplier:dec no_shorting:bool"
                " suspend_trade:bool trade_confirm_email:text ptp_no_exception_entry:bool"
                " max_options_trading_level:int? disable_overnight_trading:bool",
            ),
            *(absent(_configurations, name, GONE) for name in ("dtbp_check", "pdt_check")),
        ),
        endpoint(
            f"PATCH {CONFIGURATIONS}",
            "set_account_configurations",
            answers(_changes("no_shorting", True)),
            parameter("suspend_trade", _suspended),
            parameter("no_shorting", _changes("no_shorting", True)),
            parameter("fractional_trading", _changes("fractional_trading", False)),
            parameter("max_margin_multiplier", _changes("max_margin_multiplier", "2")),
            parameter("trade_confirm_email", _changes("trade_confirm_email", "none"), _KEPT),
            parameter("ptp_no_exception_entry", _changes("ptp_no_exception_entry", True), _KEPT),
            parameter("max_options_trading_level", _changes("max_options_trading_level", 2), _KEPT),
            parameter(
                "disable_overnight_trading", _changes("disable_overnight_trading", True), _KEPT
            ),
        ),
        *history.ENDPOINTS,
    ),
)


def _asset(stage: Stage) -> Any:
    return stage.get(f"{ASSETS}/AAPL")


def _coin(stage: Stage) -> Any:
    return stage.get(f"{ASSETS}/BTC%2FUSD")


def _same_asset(stage: Stage) -> None:
    coin = stage.get(f"{ASSETS}/BTC/USD")
    for name in ("BTCUSD", "BTC%2FUSD", coin["id"]):
        assert stage.get(f"{ASSETS}/{name}") == coin
    refuses("GET", f"{ASSETS}/NOPE", 404, 40410000)(stage)


def _assets(query: str, check_row: Any) -> Check:
    def check(stage: Stage) -> None:
        rows = stage.get(f"{ASSETS}?{query}")
        assert rows
        assert all(check_row(row) for row in rows)

    return check


def _no_assets(query: str) -> Check:
    def check(stage: Stage) -> None:
        assert stage.get(f"{ASSETS}?{query}") == []

    return check


_ASSET: Final = (
    "id:uuid class:text exchange:text symbol:text name:text status:text tradable:bool"
    " marginable:bool shortable:bool easy_to_borrow:bool fractionable:bool"
    " maintenance_margin_requirement:num margin_requirement_long:dec"
    " margin_requirement_short:dec borrow_status:text?"
)


def _clock(stage: Stage) -> Any:
    return stage.get("/v2/clock")


def _calendar(stage: Stage) -> Any:
    return stage.get("/v2/calendar?start=2026-11-23&end=2026-11-24")[0]


def _always_open(stage: Stage) -> None:
    assert stage.get("/v2/clock")["is_open"] is True


_CONTRACT_PARAMETERS: Final = (
    "underlying_symbols", "status", "expiration_date", "expiration_date_gte",
    "expiration_date_lte", "root_symbol", "type", "style", "strike_price_gte",
    "strike_price_lte", "show_deliverables", "page_token",
)  # fmt: skip


def _no_contracts(stage: Stage) -> None:
    found = stage.get(CONTRACTS)
    assert found == {"option_contracts": [], "next_page_token": None}


_NO_OPTIONS: Final = "an empty page until options come"
_ASKED: Final = f"{ANNOUNCEMENTS}?ca_types=dividend,split&since=2026-10-01&until=2026-11-01"


def _wrong(name: str) -> str:
    """The question with one of its answers spoilt."""
    return re.sub(rf"{name}=[^&]*", f"{name}=x", _ASKED)


MARKET_SECTION: Final = Section(
    "Assets, option contracts, clock, calendar, announcements",
    (
        endpoint(
            f"GET {ASSETS}",
            "get_all_assets",
            answers(_assets("", lambda row: row["class"] == "us_equity")),
            parameter("status", both(_assets("status=active", lambda row: row["tradable"]),
                                     _no_assets("status=inactive")), "nothing is inactive"),
            parameter(
                "asset_class",
                both(_assets("asset_class=crypto", lambda row: row["class"] == "crypto"),
                     _no_assets("asset_class=us_option")),
                "no options; `all` and `crypto_perp` are known too",
            ),
            parameter("exchange", _assets("exchange=NYSE", lambda row: row["exchange"] == "NYSE")),
            parameter("attributes", _no_assets("attributes=has_options")),
        ),
        endpoint(
            f"GET {ASSETS}/{{symbol_or_asset_id}}",
            "get_asset",
            answers(_same_asset),
            fields(_asset, _ASSET),
            fields(_coin, "min_order_size:dec min_trade_increment:dec price_increment:dec"),
            field(_asset, "cusip:text?", "always null", None),
            field(
                _asset, "attributes:list", "`fractional_eh_enabled` at most, where stocks have"
                " extended hours",
            ),
        ),
        endpoint(
            f"GET {CONTRACTS}",
            "get_option_contracts",
            answers(_no_contracts, _NO_OPTIONS),
            *(
                parameter(name, gets(f"{CONTRACTS}?{name}=AAPL"), "is not looked at")
                for name in _CONTRACT_PARAMETERS
            ),
            parameter(
                "limit", refuses("GET", f"{CONTRACTS}?limit=10001", 422, 40010001),
                "checked, but there are none",
            ),
        ),
        endpoint(
            f"GET {CONTRACTS}/{{symbol_or_id}}",
            "get_option_contract",
            answers(refuses("GET", f"{CONTRACTS}/AAPL261218C00150000", 404, 40410000),
                    "404 until options come"),
        ),
        endpoint(
            "GET /v2/clock",
            "get_clock",
            answers(gets("/v2/clock")),
            fields(_clock, "timestamp:time is_open:bool next_open:time next_close:time"),
            behaviour(
                "hours",
                _always_open,
                "where stocks trade day and night, as the built-in market does unless told"
                " otherwise, it is always open; with `--calendar xnys` it keeps the exchange's"
                " hours",
            ),
        ),
        endpoint(
            "GET /v3/clock",
            "",
            answers(gets("/v3/clock")),
            fields(lambda stage: stage.get("/v3/clock"), "clocks:list"),
        ),
        endpoint(
            "GET /v2/calendar",
            "get_calendar",
            answers(gets("/v2/calendar?start=2026-11-23&end=2026-11-24")),
            fields(
                _calendar,
                "date:day open:clock close:clock session_open:hhmm session_close:hhmm"
                " settlement_date:day",
            ),
            parameter("start", tells_apart("/v2/calendar?start=2026-11-23&end=2026-11-24",
                                           "/v2/calendar?start=2026-11-24&end=2026-11-24")),
            parameter("end", tells_apart("/v2/calendar?start=2026-11-23&end=2026-11-24",
                                         "/v2/calendar?start=2026-11-23&end=2026-11-23")),
        ),
        endpoint(
            "GET /v3/calendar/{market}",
            "",
            answers(gets("/v3/calendar/NYSE?start=2026-11-23&end=2026-11-24")),
            fields(
                lambda stage: stage.get("/v3/calendar/NYSE?start=2026-11-23&end=2026-11-24"),
                "market:object calendar:list",
            ),
        ),
        endpoint(
            f"GET {ANNOUNCEMENTS}",
            "get_corporate_announcements",
            answers(gets(_ASKED), "empty: nothing happens to a company here"),
            *(
                parameter(name, refuses("GET", _wrong(name), 422, 40010001),
                          "checked, but there are none")
                for name in ("ca_types", "since", "until")
            ),
            *(
                parameter(name, gets(f"{_ASKED}&{name}=x"), "is not looked at")
                for name in ("symbol", "cusip", "date_type")
            ),
        ),
        endpoint(
            f"GET {ANNOUNCEMENTS}/{{id}}",
            "get_corporate_announcement_by_id",
            answers(refuses("GET", f"{ANNOUNCEMENTS}/{MISSING_ID}", 404, 40410000), "always 404"),
        ),
    ),
)  # fmt: skip


def _list(stage: Stage) -> Body:
    found: Body = stage.done("POST", LISTS, {"name": stage.name(), "symbols": ["AAPL", "MSFT"]})
    return found


def _symbols(found: Body) -> list[str]:
    return [row["symbol"] for row in found["assets"]]


def _created(stage: Stage) -> None:
    found = _list(stage)
    assert _symbols(found) == ["AAPL", "MSFT"]
    refuses("POST", LISTS, 422, 42210000, {"name": found["name"], "symbols": []})(stage)
    stage.done("DELETE", f"{LISTS}/{found['id']}", status=204)


def _every_verb(place: Any) -> Check:
    """Reads, replaces, adds to, and deletes a list at ``place(list)``."""

    def check(stage: Stage) -> None:
        found = _list(stage)
        path = place(found)
        assert stage.get(path) == stage.get(f"{LISTS}/{found['id']}")
        assert _symbols(stage.done("POST", path, {"symbol": "SPY"})) == ["AAPL", "MSFT", "SPY"]
        name = stage.name()
        stage.done("PUT", path, {"name": name, "symbols": ["KO"]})
        path = place({**found, "name": name})
        assert (stage.get(path)["name"], _symbols(stage.get(path))) == (name, ["KO"])
        stage.done("DELETE", path, status=204)
        refuses("GET", path, 404, 40410000)(stage)

    return check


def _removed(stage: Stage) -> None:
    found = _list(stage)
    assert _symbols(stage.done("DELETE", f"{LISTS}/{found['id']}/AAPL")) == ["MSFT"]
    stage.done("DELETE", f"{LISTS}/{found['id']}", status=204)


def _listed(stage: Stage) -> Body:
    found = _list(stage)
    (row,) = (row for row in stage.get(LISTS) if row["id"] == found["id"])
    return row


_BY_ID: Final = _every_verb(lambda found: f"{LISTS}/{found['id']}")
_BY_NAME: Final = _every_verb(lambda found: f"{LISTS}:by_name?name={found['name']}")
_WATCHLIST: Final = "id:uuid account_id:uuid name:text created_at:time updated_at:time"


def _at(path: str, check: Check, clients: tuple[str, ...], words: dict[str, str]) -> list[Endpoint]:
    """All verbs of one path."""
    verbs = zip(("GET", "PUT", "POST", "DELETE"), clients, strict=True)
    return [
        endpoint(
            f"{verb} {path}",
            client,
            answers(check),
            [parameter(name, check) for name in words.get(verb, "").split()],
        )
        for verb, client in verbs
    ]


LIST_SECTION: Final = Section(
    "Watchlists",
    (
        endpoint(
            f"GET {LISTS}",
            "get_watchlists",
            answers(_listed),
            fields(_listed, _WATCHLIST),
            absent(_listed, "assets", "as at Alpaca: only of a list that is read by itself"),
        ),
        endpoint(
            f"POST {LISTS}",
            "create_watchlist",
            answers(_created),
            fields(_list, f"{_WATCHLIST} assets:list"),
            parameter("name", _created),
            parameter("symbols", _created),
            behaviour("a name that is taken is 422", _created),
        ),
        *_at(
            f"{LISTS}/{{watchlist_id}}",
            _BY_ID,
            (
                "get_watchlist_by_id",
                "update_watchlist_by_id",
                "add_asset_to_watchlist_by_id",
                "delete_watchlist_by_id",
            ),
            {"PUT": "name symbols", "POST": "symbol"},
        ),
        *_at(
            f"{LISTS}:by_name",
            _BY_NAME,
            ("", "", "", ""),
            {"GET": "name", "PUT": "name symbols", "POST": "name symbol", "DELETE": "name"},
        ),
        endpoint(
            f"DELETE {LISTS}/{{watchlist_id}}/{{symbol}}",
            "remove_asset_from_watchlist_by_id",
            answers(_removed),
        ),
    ),
)
