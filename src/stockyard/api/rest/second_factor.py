"""The second factor: set up, confirmed, and turned off."""

from io import BytesIO

from stockyard.api import security_shapes as s
from stockyard.api.auth import require_session
from stockyard.api.confirming import confirmed, known, letter_of, person
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none
from stockyard.people.letters import second_factor_off

routes = router()
_confirm = Reader(s.ConfirmBody)
_code = Reader(s.CodeBody)
TAG = "Second factor"
SESSION = "Needs a session, not an API key."
_CHANGES = Trait.SIGNED_IN | Trait.PEOPLE
_EXAMPLE = {"with a code": {"password": "correct horse battery", "code": "123456"}}
_NO_STORE = ((b"cache-control", b"no-store"),)


def qr_svg(text: str) -> str:
    """A QR code of some text as an SVG image."""
    # Three megabytes that most starts need not load.
    import segno

    image = BytesIO()
    segno.make(text, error="m").save(
        image, kind="svg", scale=4, xmldecl=False, dark="#000", light="#fff"
    )
    return image.getvalue().decode()


@routes.get(
    "/auth/second-factor",
    **described(
        "read_second_factor",
        TAG,
        "Read whether there is a second factor",
        SESSION,
        traits=Trait.SIGNED_IN,
        answer=s.SecondFactor,
        answered="Whether sign-ins need a code.",
    ),
)
async def read_second_factor(visit: Visiting) -> Response:
    """Tell whether there is a second factor."""
    identity = visit.identity()
    require_session(identity)
    found = visit.door.desk.alone(lambda p: p.second_factors.confirmed(identity.user_id))
    if found is None:
        return answer(s.SecondFactor(False, None, 0))
    left = len(found.recovery_hashes)
    return answer(s.SecondFactor(True, time_or_none(found.confirmed_ns), left))


@routes.post(
    "/auth/second-factor",
    **described(
        "begin_second_factor",
        TAG,
        "Begin to set up a second factor",
        "Answers with a secret for an authenticator app (TOTP, RFC 6238). Nothing changes until a"
        f" first code confirms it. {SESSION}",
        traits=_CHANGES,
        body=s.ConfirmBody,
        body_examples={"ann": {"password": "correct horse battery"}},
        status=201,
        answer=s.Enrolment,
        answered="What to tell the app.",
        refusals=(409, 429),
    ),
)
async def begin_second_factor(visit: Visiting) -> Response:
    """Begin to set up a second factor."""
    door, identity = visit.door, person(visit)
    body: s.ConfirmBody = await visit.body(_confirm)
    user = await known(visit, identity, body.password)
    now_ns = door.world.clock.wall_ns()
    found = await door.desk.write(lambda p: p.second_factors.begin(user.id, user.email, now_ns))
    return answer(s.Enrolment(found.secret, found.uri, qr_svg(found.uri)), 201, _NO_STORE)


@routes.post(
    "/auth/second-factor/confirm",
    **described(
        "confirm_second_factor",
        TAG,
        "Turn the second factor on",
        "With a first code of the app. From now on each sign-in needs one; ten recovery codes are"
        f" shown this once, for when the app is lost. {SESSION}",
        traits=_CHANGES,
        body=s.CodeBody,
        body_examples={"a code": {"code": "123456"}},
        answer=s.RecoveryCodes,
        answered="The recovery codes.",
        refusals=(409, 429),
    ),
)
async def confirm_second_factor(visit: Visiting) -> Response:
    """Turn the second factor on."""
    door, identity = visit.door, person(visit)
    body: s.CodeBody = await visit.body(_code)
    now_ns = door.world.clock.wall_ns()
    codes = await door.desk.write(
        lambda p: p.second_factors.confirm(identity.user_id, body.code, now_ns)
    )
    await visit.note("second_factor.enabled", identity.user_id)
    return answer(s.RecoveryCodes(list(codes)), headers=_NO_STORE)


@routes.post(
    "/auth/second-factor/recovery-codes",
    **described(
        "renew_recovery_codes",
        TAG,
        "Draw new recovery codes",
        f"The old ones no longer work. {SESSION}",
        traits=_CHANGES,
        body=s.ConfirmBody,
        body_examples=_EXAMPLE,
        answer=s.RecoveryCodes,
        answered="The recovery codes.",
        refusals=(409, 429),
    ),
)
async def renew_recovery_codes(visit: Visiting) -> Response:
    """Draw new recovery codes."""
    identity = person(visit)
    body: s.ConfirmBody = await visit.body(_confirm)
    user = await confirmed(visit, identity, body.password, body.code)
    codes = await visit.door.desk.write(lambda p: p.second_factors.renew_recovery(user.id))
    await visit.note("second_factor.codes_renewed", user.id)
    return answer(s.RecoveryCodes(list(codes)), headers=_NO_STORE)


@routes.post(
    "/auth/second-factor/disable",
    **described(
        "disable_second_factor",
        TAG,
        "Turn the second factor off",
        f"Needs the password and a code, or a recovery code. {SESSION}",
        traits=_CHANGES,
        body=s.ConfirmBody,
        body_examples=_EXAMPLE,
        status=204,
        answered="Sign-ins need the password alone.",
        refusals=(409, 429),
    ),
)
async def disable_second_factor(visit: Visiting) -> Response:
    """Turn the second factor off."""
    identity = person(visit)
    body: s.ConfirmBody = await visit.body(_confirm)
    user = await confirmed(visit, identity, body.password, body.code)
    letter, now_ns = letter_of(visit, second_factor_off), visit.door.world.clock.wall_ns()
    await visit.door.desk.write(lambda p: p.disable_second_factor(user.id, letter, now_ns))
    await visit.note("second_factor.disabled", user.id)
    return Response(status_code=204)
