"""Claims about market data over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.compat.claims.stage import Stage
from tests.compat.claims.words import (
    Check,
    Claim,
    Endpoint,
    Section,
    answers,
    behaviour,
    both,
    endpoint,
    field,
    fields,
    gets,
    not_there,
    parameter,
    refuses,
    tells_apart,
    the_same,
)

_NOW: Final = datetime.now(UTC)
FROM: Final = (_NOW - timedelta(days=40)).date().isoformat()
MIDDLE: Final = (_NOW - timedelta(days=30)).date().isoformat()
TO: Final = (_NOW - timedelta(days=20)).date().isoformat()
LONG_AGO: Final = (_NOW - timedelta(days=770)).date().isoformat()
RECENT: Final = (_NOW - timedelta(days=1)).date().isoformat()
STOCKS: Final = "/v2/stocks"
COINS: Final = "/v1beta3/crypto/us"
TIMEFRAMES: Final = (
    *(f"{n}Min" for n in (1, 5, 7, 15, 59)),
    *(f"{n}Hour" for n in (1, 4, 23)),
    "1Day", "1Week", "1Month", "2Month", "3Month", "6Month", "12Month",
)  # fmt: skip
BAR: Final = "t:time o:num h:num l:num c:num v:num n:int vw:num"
ONE_FEED: Final = "there is one market: every word of Alpaca's tells the same, any other is refused"
NO_ACTIONS: Final = "no company splits or pays here: every word of Alpaca's tells the same"


def _stocks(noun: str, more: str = "") -> str:
    since = FROM if noun == "bars" else RECENT
    until = f"&end={TO}&timeframe=1Day" if noun == "bars" else ""
    return f"{STOCKS}/{noun}?symbols=AAPL,MSFT&start={since}{until}{more}"


def _coins(noun: str, more: str = "") -> str:
    since = FROM if noun == "bars" else RECENT
    until = f"&end={TO}&timeframe=1Day" if noun == "bars" else ""
    return f"{COINS}/{noun}?symbols=BTC/USD,ETH/USD&start={since}{until}{more}"


def _first(path: str, noun: str, symbol: str) -> Any:
    def sample(stage: Stage) -> Any:
        found = stage.until(path, lambda said: said[noun].get(symbol))
        rows = found[noun][symbol]
        return rows[0] if isinstance(rows, list) else rows

    return sample


def _pages(path: str, noun: str) -> Check:
    """Pages meet, and have no more rows than their limit."""

    def check(stage: Stage) -> None:
        whole = stage.until(
            f"{path}&limit=40", lambda said: sum(map(len, said[noun].values())) > 14, 40
        )[noun]
        rows: dict[str, list[Any]] = {}
        token: str | None = ""
        left = sum(map(len, whole.values()))
        while token is not None and left > 0:
            more = f"&page_token={token}" if token else ""
            page = stage.get(f"{path}&limit=7{more}")
            assert sum(map(len, page[noun].values())) <= 7
            for symbol, some in page[noun].items():
                rows.setdefault(symbol, []).extend(some)
                left -= len(some)
            token = page["next_page_token"]
        for symbol, some in whole.items():
            assert rows[symbol][: len(some)] == some

    return check


def _symbols(path: str, noun: str) -> Check:
    """Those that are named are told, and no others."""

    def check(stage: Stage) -> None:
        both_named = stage.until(path, lambda said: len(said[noun]) == 2)
        one = stage.get(path.replace(",", "&x=", 1))
        assert set(one[noun]) < set(both_named[noun])
        assert len(one[noun]) == 1

    return check


def _all_timeframes(base: str) -> Check:
    def check(stage: Stage) -> None:
        for timeframe in TIMEFRAMES:
            since = f"{int(FROM[:4]) - 3}-01-01" if timeframe.endswith("Month") else FROM
            rows = stage.get(f"{base}&timeframe={timeframe}&start={since}&limit=3")["bars"]
            assert sum(map(len, rows.values())) == 3, timeframe
        for wrong in ("60Min", "24Hour", "2Day", "4Month"):
            assert stage.ask("GET", f"{base}&timeframe={wrong}")[0] == 422

    return check


def _sorted(path: str, noun: str) -> Check:
    def check(stage: Stage) -> None:
        up = stage.get(f"{path}&sort=asc")[noun]
        down = stage.get(f"{path}&sort=desc")[noun]
        for symbol in up:
            assert [row["t"] for row in up[symbol]] == sorted(row["t"] for row in up[symbol])
            assert [row["t"] for row in down[symbol]] == sorted(
                (row["t"] for row in down[symbol]), reverse=True
            )

    return check


def _taken(path: str, name: str, words: tuple[str, ...]) -> Check:
    """Every word is taken and changes nothing; another one is refused."""

    def check(stage: Stage) -> None:
        plain = stage.get(path)
        for word in words:
            found = stage.get(f"{path}&{name}={word}")
            if "start" in path and "timeframe" in path:
                assert found == plain
        refuses("GET", f"{path}&{name}=nonsense", 422, 40010001)(stage)

    return check


def _page_parameters(path: str, noun: str, stocks: bool) -> list[Claim]:
    since = f"&start={MIDDLE}" if noun == "bars" else "&start=2024-01-01&end=2024-01-02"
    whole = path.partition("&start")[0] + ("&timeframe=1Day" if noun == "bars" else "")
    claims = [
        parameter("symbols", _symbols(path, noun)),
        parameter("start", tells_apart(path, whole + since)),
        parameter("end", tells_apart(f"{whole}&start={FROM}&end={FROM}", path)),
        parameter("limit", _pages(path, noun)),
        parameter("page_token", _pages(path, noun)),
        parameter("sort", _sorted(path, noun)),
    ]
    if stocks:
        feeds = ("sip", "iex", "delayed_sip", "otc", "boats", "overnight")
        claims += [
            parameter("feed", _taken(path, "feed", feeds), ONE_FEED),
            parameter("currency", _taken(path, "currency", ("USD",)), "USD alone"),
            parameter(
                "asof", _taken(path, "asof", (MIDDLE, "-")), "no symbol changes hands here: none is"
                " mapped",
            ),
        ]  # fmt: skip
    else:
        claims.append(parameter("currency", gets(f"{path}&currency=USD"), "is not looked at"))
    return claims


def _series(noun: str, client: str, row: str) -> Endpoint:
    path = _stocks(noun)
    more: list[Claim] = []
    if noun == "bars":
        words = ("raw", "split", "dividend", "all", "spin-off")
        more = [
            parameter("timeframe", _all_timeframes(f"{STOCKS}/bars?symbols=SPY")),
            parameter("adjustment", _taken(path, "adjustment", words), NO_ACTIONS),
            behaviour("days begin at midnight in New York", _midnights),
            behaviour(
                "the past before the market began",
                _invented,
                "the built-in market makes it up, five years of it, and says how many bars of an"
                " answer are in `X-Stockyard-Invented`",
            ),
        ]
    if noun == "trades":
        more = [
            behaviour(
                "numbers of trades",
                _numbered,
                "the microsecond in which it happened, in the streams too; its source's own over"
                " HTTP where that has one",
            )
        ]
    return endpoint(
        f"GET {STOCKS}/{noun}",
        client,
        answers(gets(path)),
        fields(lambda stage: stage.get(path), f"{noun}:object next_page_token:text?"),
        fields(_first(path, noun, "AAPL"), row),
        _page_parameters(path, noun, True),
        more,
    )


def _numbered(stage: Stage) -> None:
    row = _first(_stocks("trades"), "trades", "AAPL")(stage)
    at = datetime.fromisoformat(row["t"][:26] + "+00:00")
    assert row["i"] == round(at.timestamp() * 1_000_000)


def _midnights(stage: Stage) -> None:
    for row in stage.get(_stocks("bars"))["bars"]["AAPL"]:
        assert row["t"][10:] in ("T04:00:00Z", "T05:00:00Z")


def _invented(stage: Stage) -> None:
    found = stage.get(f"{STOCKS}/bars?symbols=AAPL&timeframe=1Day&start={LONG_AGO}&limit=1000")
    assert len(found["bars"]["AAPL"]) > 500


def _one(noun: str) -> Endpoint:
    path = f"{STOCKS}/AAPL/{noun}?start={FROM}&timeframe=1Day&limit=5"
    if noun != "bars":
        path = f"{STOCKS}/AAPL/{noun}?start={RECENT}&limit=5"
    return endpoint(
        f"GET {STOCKS}/{{symbol}}/{noun}",
        "",
        answers(gets(path)),
        fields(lambda stage: stage.get(path), f"{noun}:list symbol:text next_page_token:text?"),
    )


TRADE: Final = "t:time x:text p:num s:num c:list i:int z:text"
QUOTE: Final = "t:time ax:text ap:num as:num bx:text bp:num bs:num c:list z:text"


def _latest(noun: str, client: str, row: str) -> list[Endpoint]:
    path = f"{STOCKS}/{noun}/latest?symbols=AAPL,MSFT"
    word = noun[:-1]
    one = f"{STOCKS}/AAPL/{noun}/latest"
    return [
        endpoint(
            f"GET {STOCKS}/{noun}/latest",
            client,
            answers(_first(path, noun, "AAPL")),
            fields(_first(path, noun, "AAPL"), row),
            parameter("symbols", _symbols(path, noun)),
            parameter("feed", _taken(path, "feed", ("sip", "iex")), ONE_FEED),
            parameter("currency", _taken(path, "currency", ("USD",)), "USD alone"),
        ),
        endpoint(
            f"GET {STOCKS}/{{symbol}}/{noun}/latest",
            "",
            answers(both(_first(path, noun, "AAPL"), gets(one))),
            fields(lambda stage: stage.get(one), f"symbol:text {word}:object"),
        ),
    ]


def _snapshot(stage: Stage) -> Any:
    words = {"latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar"}
    path = f"{STOCKS}/snapshots?symbols=AAPL,MSFT"
    return stage.until(path, lambda said: words <= said["AAPL"].keys())["AAPL"]


def _coin_snapshot(stage: Stage) -> Any:
    words = {"latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar"}
    path = f"{COINS}/snapshots?symbols=BTC/USD"
    found = stage.until(path, lambda said: words <= said["snapshots"]["BTC/USD"].keys())
    return found["snapshots"]["BTC/USD"]


_SNAPSHOT: Final = "latestTrade:object latestQuote:object minuteBar:object dailyBar:object"


def _codes(path: str) -> Check:
    def check(stage: Stage) -> None:
        found = stage.get(path)
        assert found
        assert all(isinstance(word, str) for word in found.values())

    return check


def _letters(stage: Stage) -> None:
    for symbol in ("AAPL", "KO"):
        quote = stage.get(f"{STOCKS}/{symbol}/quotes/latest")["quote"]
        assert (quote["bx"], quote["ax"], quote["z"]) == ("V", "V", "C")


def _stock_snapshots() -> list[Endpoint]:
    path = f"{STOCKS}/snapshots?symbols=AAPL"
    one = f"{STOCKS}/AAPL/snapshot"

    def sample(stage: Stage) -> Any:
        stage.once(_snapshot)
        return stage.get(one)

    return [
        endpoint(
            f"GET {STOCKS}/snapshots",
            "get_stock_snapshot",
            answers(_snapshot),
            fields(_snapshot, f"{_SNAPSHOT} prevDailyBar:object"),
            parameter("symbols", tells_apart(f"{path},MSFT", path)),
            parameter("feed", _taken(path, "feed", ("sip", "iex")), ONE_FEED),
            parameter("currency", _taken(path, "currency", ("USD",)), "USD alone"),
            behaviour(
                "an unknown symbol is missing",
                the_same(f"{STOCKS}/snapshots?symbols=NOPE", f"{STOCKS}/snapshots?symbols=NONE"),
            ),
        ),
        endpoint(
            f"GET {STOCKS}/{{symbol}}/snapshot",
            "",
            answers(sample),
            fields(sample, f"symbol:text {_SNAPSHOT} prevDailyBar:object"),
        ),
    ]


def _stock_codes() -> list[Endpoint]:
    conditions = f"{STOCKS}/meta/conditions"
    return [
        endpoint(
            f"GET {STOCKS}/meta/exchanges",
            "",
            answers(_codes(f"{STOCKS}/meta/exchanges"), "the one letter that is used here"),
            behaviour(
                "exchange and tape of quotes and trades",
                _letters,
                "are `V` and `C` for every stock",
            ),
        ),
        endpoint(
            f"GET {conditions}/{{ticktype}}",
            "",
            answers(
                both(_codes(f"{conditions}/trade?tape=A"), _codes(f"{conditions}/quote?tape=C")),
                "the conditions that are used here",
            ),
            parameter(
                "tape",
                both(
                    the_same(f"{conditions}/trade?tape=A", f"{conditions}/trade?tape=C"),
                    refuses("GET", f"{conditions}/trade?tape=X", 422, 40010001),
                ),
                "the three tapes have the same conditions",
            ),
        ),
    ]


STOCK_SECTION: Final = Section(
    "Market data of stocks",
    (
        _series("bars", "get_stock_bars", BAR),
        _series("quotes", "get_stock_quotes", QUOTE),
        _series("trades", "get_stock_trades", TRADE),
        *(_one(noun) for noun in ("bars", "quotes", "trades")),
        *_latest("bars", "get_stock_latest_bar", BAR),
        *_latest("quotes", "get_stock_latest_quote", QUOTE),
        *_latest("trades", "get_stock_latest_trade", TRADE),
        *_stock_snapshots(),
        *_stock_codes(),
    ),
)


def _coin_series(noun: str, client: str, row: str, *more: Claim) -> Endpoint:
    path = _coins(noun)
    if noun == "bars":
        more = (
            *more,
            parameter("timeframe", _all_timeframes(f"{COINS}/bars?symbols=ETH/USD")),
            behaviour("days begin at midnight UTC", _utc_midnights),
        )
    return endpoint(
        f"GET {COINS}/{noun}",
        client,
        answers(gets(path)),
        fields(lambda stage: stage.get(path), f"{noun}:object next_page_token:text?"),
        fields(_first(path, noun, "BTC/USD"), row),
        _page_parameters(path, noun, False),
        more,
    )


def _utc_midnights(stage: Stage) -> None:
    for row in stage.get(_coins("bars"))["bars"]["BTC/USD"]:
        assert row["t"][10:] == "T00:00:00Z"


def _coin_latest(noun: str, client: str, row: str, *more: Claim) -> Endpoint:
    path = f"{COINS}/latest/{noun}?symbols=BTC/USD,ETH/USD"
    return endpoint(
        f"GET {COINS}/latest/{noun}",
        client,
        answers(_first(path, noun, "BTC/USD")),
        fields(_first(path, noun, "BTC/USD"), row),
        parameter("symbols", _symbols(path, noun)),
        more,
    )


COIN_TRADE: Final = "t:time p:num s:num i:int"
COIN_QUOTE: Final = "t:time bp:num bs:num ap:num as:num"


def _taker(path: str) -> Claim:
    why = "empty: nobody knows who took the trade"
    return field(_first(path, "trades", "BTC/USD"), "tks:text", why, "")


def _one_level(stage: Stage) -> None:
    book = stage.get(f"{COINS}/latest/orderbooks?symbols=BTC/USD")["orderbooks"]["BTC/USD"]
    for side in ("b", "a"):
        assert len(book[side]) == 1
        assert set(book[side][0]) == {"p", "s"}


def _no_keys(stage: Stage) -> None:
    wrong = {"APCA-API-KEY-ID": "nobody", "APCA-API-SECRET-KEY": "nothing"}
    path = f"{COINS}/latest/quotes?symbols=BTC/USD"
    assert stage.ask("GET", path, headers=wrong)[0] == 200


COIN_SECTION: Final = Section(
    "Market data of coins",
    (
        _coin_series(
            "bars", "get_crypto_bars", BAR, behaviour("no credentials are needed", _no_keys)
        ),
        _coin_series("quotes", "get_crypto_quotes", COIN_QUOTE),
        _coin_series("trades", "get_crypto_trades", COIN_TRADE, _taker(_coins("trades"))),
        _coin_latest("bars", "get_crypto_latest_bar", BAR),
        _coin_latest("quotes", "get_crypto_latest_quote", COIN_QUOTE),
        _coin_latest(
            "trades",
            "get_crypto_latest_trade",
            COIN_TRADE,
            _taker(f"{COINS}/latest/trades?symbols=BTC/USD"),
        ),
        _coin_latest(
            "orderbooks",
            "get_crypto_latest_orderbook",
            "t:time b:list a:list",
            behaviour("depth", _one_level, "one level of each side: deeper ones are not simulated"),
        ),
        endpoint(
            f"GET {COINS}/snapshots",
            "get_crypto_snapshot",
            answers(_coin_snapshot),
            fields(_coin_snapshot, f"{_SNAPSHOT} prevDailyBar:object"),
            parameter(
                "symbols",
                tells_apart(
                    f"{COINS}/snapshots?symbols=BTC/USD,ETH/USD",
                    f"{COINS}/snapshots?symbols=BTC/USD",
                ),
            ),
        ),
    ),
)

_ACTIVE: Final = "/v1beta1/screener/stocks/most-actives"
_MOVERS: Final = "/v1beta1/screener"
_NEWS: Final = "/v1beta1/news"
_ACTIONS: Final = "/v1/corporate-actions"


def _active(stage: Stage) -> Any:
    return stage.get(f"{_ACTIVE}?top=3")


def _moved(market: str) -> Any:
    def sample(stage: Stage) -> Any:
        found = stage.get(f"{_MOVERS}/{market}/movers?top=3")
        assert len(found["gainers"]) <= 3
        assert len(found["losers"]) <= 3
        assert found["market_type"] == market
        return found

    return sample


def _mover(stage: Stage) -> Any:
    found = stage.once(_moved("stocks"))
    return (found["gainers"] + found["losers"])[0]


def _both_orders(stage: Stage) -> None:
    for by, key in (("volume", "volume"), ("trades", "trade_count")):
        rows = stage.get(f"{_ACTIVE}?top=20&by={by}")["most_actives"]
        counts = [row[key] for row in rows]
        assert counts == sorted(counts, reverse=True)
        assert len(counts) == 20


def _no_news(path: str, name: str, words: tuple[str, ...]) -> Check:
    """A parameter is taken, and refused where it makes no sense."""

    def check(stage: Stage) -> None:
        for word in words:
            found = stage.get(f"{path}?{name}={word}")
            rows = found.get("news", found.get("corporate_actions"))
            assert not rows or not any(rows.values())

    return check


def _actions(stage: Stage) -> Any:
    return stage.get(_ACTIONS)["corporate_actions"]


GROUPS: Final = (
    "forward_splits reverse_splits unit_splits cash_dividends stock_dividends spin_offs"
    " cash_mergers stock_mergers stock_and_cash_mergers redemptions name_changes"
    " worthless_removals rights_distributions"
)
_NONE: Final = "checked, but there is none"
_OPTION_PATHS: Final = (
    ("bars", "get_option_bars"),
    ("trades", "get_option_trades"),
    ("quotes/latest", "get_option_latest_quote"),
    ("trades/latest", "get_option_latest_trade"),
    ("snapshots", "get_option_snapshot"),
    ("snapshots/{underlying}", "get_option_chain"),
    ("meta/exchanges", "get_option_exchange_codes"),
)


def _option_data(path: str, client: str) -> Endpoint:
    asked = f"/v1beta1/options/{path}".replace("{underlying}", "AAPL")
    refused = refuses("GET", f"{asked}?symbols=X", 422, 42210000, reason="not_offered")
    return endpoint(
        f"GET /v1beta1/options/{path}", client, not_there(refused, "comes with options")
    )


OTHER_SECTION: Final = Section(
    "Screener, news, corporate actions, option data",
    (
        endpoint(
            f"GET {_ACTIVE}",
            "get_most_actives",
            answers(_active),
            fields(_active, "most_actives:list last_updated:time"),
            fields(
                lambda stage: stage.once(_active)["most_actives"][0],
                "symbol:text volume:num trade_count:int",
            ),
            parameter("by", _both_orders),
            parameter("top", tells_apart(f"{_ACTIVE}?top=2", f"{_ACTIVE}?top=3")),
        ),
        endpoint(
            f"GET {_MOVERS}/{{market_type}}/movers",
            "get_market_movers",
            answers(both(_moved("stocks"), _moved("crypto"))),
            fields(_moved("stocks"), "gainers:list losers:list market_type:text last_updated:time"),
            fields(_mover, "symbol:text percent_change:num change:num price:num"),
            parameter(
                "top", tells_apart(f"{_MOVERS}/stocks/movers?top=1", f"{_MOVERS}/stocks/movers")
            ),
        ),
        endpoint(
            f"GET {_NEWS}",
            "get_news",
            answers(gets(_NEWS), "empty: nobody writes any"),
            fields(lambda stage: stage.get(_NEWS), "news:list next_page_token:text?"),
            *(
                parameter(name, _no_news(_NEWS, name, words), _NONE)
                for name, words in (
                    ("symbols", ("AAPL", "BTC/USD")),
                    ("start", (FROM,)),
                    ("end", (TO,)),
                    ("sort", ("asc", "desc")),
                    ("limit", ("1", "50")),
                    ("include_content", ("True",)),
                    ("exclude_contentless", ("False",)),
                    ("page_token", ("x",)),
                )
            ),
        ),
        endpoint(
            f"GET {_ACTIONS}",
            "get_corporate_actions",
            answers(gets(_ACTIONS), "an empty list for each type: nothing happens to a company"),
            fields(
                lambda stage: stage.get(_ACTIONS),
                "corporate_actions:object next_page_token:text?",
            ),
            fields(_actions, " ".join(f"{word}:list" for word in GROUPS.split())),
            parameter(
                "types",
                tells_apart(f"{_ACTIONS}?types=cash_dividend", f"{_ACTIONS}?types=spin_off"),
            ),
            *(
                parameter(name, _no_news(_ACTIONS, name, words), _NONE)
                for name, words in (
                    ("symbols", ("AAPL",)),
                    ("cusips", ("037833100",)),
                    ("ids", ("x",)),
                    ("start", (FROM,)),
                    ("end", (TO,)),
                    ("sort", ("asc",)),
                    ("limit", ("1000",)),
                    ("page_token", ("x",)),
                )
            ),
        ),
        *(_option_data(path, client) for path, client in _OPTION_PATHS),
    ),
)
