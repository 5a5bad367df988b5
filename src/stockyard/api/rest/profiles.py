"""Realism profiles: how honest fills are, in figures and in words."""

from typing import Final

from stockyard.api import answers as a
from stockyard.api.describing import described
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.model.codes import LIMIT_RULE_WORDS, LimitRule
from stockyard.model.instruments import VenueProfile
from stockyard.model.numbers import format_decimal

routes = router()
TAG: Final = "Market"
PERCENT_OF_PPM: Final = 4
PERCENT_OF_BPS: Final = 2
_WAITING: Final = {
    LimitRule.TOUCH: "a limit order that waits fills when the quote reaches its limit",
    LimitRule.PENETRATE: "a limit order that waits fills when the market passes its limit",
    LimitRule.QUEUE: "a limit order that waits stands in a queue at its price",
}


def shown_profile(p: VenueProfile) -> a.Profile:
    """A profile's figures, and the same in words."""
    age = format_decimal(p.quote_age_ns_max, 9) if p.quote_age_ns_max else None
    return a.Profile(
        p.name,
        p.version,
        format_decimal(p.size_cap_ppm, PERCENT_OF_PPM) if p.size_bounded else None,
        p.depth_levels,
        format_decimal(p.depth_step_bps, PERCENT_OF_BPS),
        format_decimal(p.depth_size_ppm, PERCENT_OF_PPM),
        LIMIT_RULE_WORDS[p.limit_rule],
        format_decimal(p.latency_ns, 6),
        format_decimal(p.slippage_bps, PERCENT_OF_BPS),
        format_decimal(p.improvement_ppm, PERCENT_OF_PPM),
        format_decimal(p.improvement_odds_ppm, PERCENT_OF_PPM),
        format_decimal(p.reject_ppm, PERCENT_OF_PPM),
        age,
        "deny" if p.deny_halted else "hold",
        "deny" if p.deny_stale else "hold",
        p.fees,
        described_in_words(p),
    )


def described_in_words(p: VenueProfile) -> str:
    """One sentence for each thing that matters under a profile."""
    told = ["Fills take any size at the quote"]
    if p.size_bounded:
        told = [f"Fills take up to {format_decimal(p.size_cap_ppm, 4)} % of the displayed size"]
    if p.depth_levels:
        told.append(f"then {p.depth_levels} levels behind it")
    told.append(_WAITING[p.limit_rule])
    if p.latency_ns:
        told.append(f"everything reaches the venue {format_decimal(p.latency_ns, 6)} ms later")
    if p.slippage_bps:
        told.append(f"market orders slip by {format_decimal(p.slippage_bps, 2)} %")
    if p.improvement_ppm:
        odds = format_decimal(p.improvement_odds_ppm, 4)
        part = format_decimal(p.improvement_ppm, 4)
        told.append(f"{odds} % of taking fills do better by {part} % of the spread")
    if p.reject_ppm:
        told.append(f"{format_decimal(p.reject_ppm, 4)} % of orders are rejected")
    told.append("fees apply" if p.fees else "there are no fees")
    return "; ".join(told) + "."


@routes.get(
    "/profiles",
    **described(
        "list_profiles",
        TAG,
        "List realism profiles",
        "How honest fills are under each; an account chooses one. Needs no sign-in.",
        answer=list[a.Profile],
        answered="The profiles.",
    ),
)
async def list_profiles(visit: Visiting) -> Response:
    """List realism profiles."""
    known = visit.door.view.profiles
    return answer([shown_profile(known[n]) for n in sorted(known)])
