"""The orders for the day of IBM and SPY: every kind, before the open, all day, around the close.

Times are New York's. The prices were chosen by looking at the day; they quote no bar of it.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from tests.recorded.bars import NEW_YORK, Bars, Day

DAY = date(2013, 10, 7)
SYMBOLS = ("IBM", "SPY")

HEADER = "time,action,client_order_id,symbol,side,type,qty,notional,limit_price,time_in_force"
SCRIPT = """\
03:00:00,place,no-quote-yet,SPY,buy,market,10,,,day -> denied: no_quote
08:00:00,place,queued-market,IBM,buy,market,10,,,day -> filled
08:00:00,place,queued-notional,IBM,buy,market,,1000,,day -> filled
08:05:00,place,queued-limit,SPY,buy,limit,100,,167.80,day -> filled
08:06:00,place,closed-ioc,SPY,buy,limit,100,,169,ioc -> denied: session_closed
08:07:00,place,closed-fok,SPY,buy,market,100,,,fok -> denied: session_closed
08:10:00,place,queued-gtc,IBM,buy,limit,200,,182,gtc -> replaced
08:20:00,replace,queued-gtc,IBM,,,300,,182.1, -> filled
08:25:00,place,queued-canceled,IBM,buy,limit,100,,182,gtc -> canceled
08:26:00,cancel,queued-canceled,,,,,,, -> done
09:29:59.999999,place,just-before-open,SPY,buy,market,20,,,day -> filled
09:30:00,place,at-open,SPY,buy,market,10,,,day -> filled
09:30:00.5,place,ioc-before-first-quote,IBM,buy,limit,10,,184,ioc -> canceled
09:45:00,place,fok-small,SPY,buy,market,100,,,fok -> filled
09:45:00.25,place,fok-large,IBM,buy,market,2000,,,fok -> canceled | filled
10:00:00,place,walk-market,IBM,buy,market,1500,,,day -> filled
10:00:00,place,walk-limit,SPY,buy,limit,2000,,169,gtc -> filled
10:10:00.75,place,ioc-large,IBM,buy,limit,900,,184,ioc -> canceled | filled
10:20:00,place,fok-limit,SPY,buy,limit,50,,169,fok -> filled
10:20:01,place,fok-limit-away,SPY,buy,limit,50,,160,fok -> canceled
10:25:00,place,ioc-limit-away,SPY,buy,limit,50,,160,ioc -> canceled
10:30:00,place,passive,IBM,buy,limit,100,,181,day -> replaced
10:31:00,replace,passive,IBM,,,150,,181.1,gtc -> replaced
10:32:00,replace,passive,,,,,,183.5, -> filled
10:40:00,place,far-away,SPY,buy,limit,10,,150,gtc -> canceled
10:41:00,cancel,far-away,,,,,,, -> done
10:45:00,cancel,far-away,,,,,,, -> denied: order_not_open
11:00:00,place,sell-market,IBM,sell,market,100,,,day -> filled
11:00:00.75,place,sell-limit,IBM,sell,limit,400,,182.2,gtc -> filled
11:10:00,place,sell-notional,SPY,sell,market,,2500.55,,ioc -> filled
11:15:00,place,sell-passive,SPY,sell,limit,300,,167.9,day -> filled
11:20:00,place,oversell,SPY,sell,market,90000,,,day -> denied: exceeds_position
11:30:00,place,too-dear,IBM,buy,limit,90000,,180,day -> denied: exceeds_buying_power
11:40:00,place,off-tick,SPY,buy,limit,10,,168.005,day -> denied: price_off_tick
11:45:00,place,outside-band,SPY,buy,limit,10,,300,day -> denied: price_outside_band
11:50:00,place,both,IBM,buy,market,10,1000,,day -> denied: quantity_or_notional
11:51:00,place,neither,IBM,buy,market,,,,day -> denied: quantity_or_notional
12:00:00,place,fraction,IBM,buy,market,0.123456789,,,day -> filled
12:10:00,place,fraction-sell,IBM,sell,limit,0.023456789,,181,gtc -> filled
12:15:00,place,fraction,IBM,buy,market,0.123456789,,,day -> repeated
12:16:00,place,fraction,IBM,buy,market,5,,,day -> denied: idempotency_key_reused
13:00:00,place,grow,IBM,buy,limit,1200,,183.5,day -> replaced | filled
13:00:02,replace,grow,,,,1300,,, -> filled | denied: order_not_open
13:30:00,place,waits,SPY,buy,limit,400,,167.6,gtc -> filled
15:59:50,place,expires,IBM,buy,limit,10,,170,day -> expired
15:59:57,place,sell-at-close,IBM,sell,market,1500,,,day -> filled
15:59:58,place,cut-by-close,IBM,buy,limit,1900,,183.5,day -> expired | filled
15:59:59,place,last-second,SPY,buy,market,10,,,day -> filled
15:59:59.5,place,last-ioc,SPY,buy,limit,10,,169,ioc -> filled
16:00:00,place,at-close,SPY,buy,limit,10,,169,day -> canceled
16:00:00,place,ioc-at-close,SPY,buy,market,10,,,ioc -> denied: session_closed
16:30:00,cancel,at-close,,,,,,, -> done
19:00:00,place,for-tomorrow,SPY,buy,market,10,,,gtc -> accepted
"""
"""Rows of the script, each with the answer it gets: under both profiles, or realistic | ideal."""

_ROWS = [line.split(" -> ") for line in SCRIPT.splitlines()]
ORDERS = "\n".join([HEADER, *(row for row, _ in _ROWS)]) + "\n"
ANSWERS = {
    profile: {
        line: answers.split(" | ")[place % len(answers.split(" | "))]
        for line, (_, answers) in enumerate(_ROWS, 2)
    }
    for place, profile in enumerate(("realistic", "ideal"))
}
"""The answer to each line of the script, by profile."""


def handful(day: Day, bars: Mapping[str, Bars]) -> str:
    """A few orders for each symbol of any recorded day: market, notional, limit, partly sold, late.

    Limit prices are a quote's own; where nothing is quoted, only market orders are sent.
    """
    zone, hours = (UTC, (3, 9, 12, 20)) if day.is_crypto else (NEW_YORK, (10, 11, 12, 15))
    rows = [HEADER]
    for symbol in day.symbols:
        moments = [
            datetime(day.day.year, day.day.month, day.day.day, hour, 30, tzinfo=zone)
            for hour in hours
        ]
        early, later, noon, late = moments
        rows += [
            f"{early.isoformat()},place,{symbol}-1,{symbol},buy,market,,1500.5,,ioc",
            f"{later.isoformat()},place,{symbol}-2,{symbol},buy,market,0.75,,,day",
            f"{noon.isoformat()},place,{symbol}-3,{symbol},sell,market,0.5,,,gtc",
            f"{late.isoformat()},place,{symbol}-4,{symbol},buy,market,1,,,day",
        ]
        end = bars[symbol].last_end(int(later.timestamp()) * 10**9)
        if end:
            ask = bars[symbol].by_end[end].ask
            limit = (later + timedelta(seconds=1)).isoformat()
            rows.append(f"{limit},place,{symbol}-5,{symbol},buy,limit,700,,{ask},gtc")
            rows.append(f"{noon.isoformat()},cancel,{symbol}-5,,,,,,,")
    return "\n".join(rows) + "\n"
