"""Goal: nobody is somebody without a password, but at the machine that offers its demo user."""

import pytest

from stockyard.api.heads import is_loopback
from tests.api.rig import Rig, Trader

HERE = {"Host": "localhost:8000"}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True), ("localhost:8000", True), ("127.0.0.1", True), ("127.0.0.9:1", True),
        ("::1", True), ("[::1]", True), ("[::1]:8000", True),
        ("", False), ("0.0.0.0", False), ("::", False), ("192.168.1.2:8000", False),
        ("localhost.example", False), ("127.0.0.1.example:8000", False), ("[::1", False),
        ("example@127.0.0.2.example", False), ("[", False), (":", False),
    ],
)  # fmt: skip
def test_names_of_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


async def test_the_demo_user_signs_in_without_a_password(rig: Rig, ann: Trader) -> None:
    rig.app.door.demo_email = "ann@example.com"
    house = await rig.call("GET", "/api/v1/house", headers=HERE)
    assert house.json == {
        "version": "0.1.0", "sign_up": "open", "demo": True, "starting_cash": "100000.00",
        "mail": True,
    }  # fmt: skip
    signed_in = await rig.call("POST", "/api/v1/auth/demo", headers=HERE)
    assert signed_in.status == 200
    token = {"Authorization": f"Bearer {signed_in.json['token']}"}
    me = await rig.call("GET", "/api/v1/me", headers=token)
    assert me.json["user"]["email"] == "ann@example.com"


async def test_elsewhere_there_is_no_demo(rig: Rig, ann: Trader) -> None:
    refused = await rig.call("POST", "/api/v1/auth/demo", headers=HERE)
    assert (refused.status, refused.json["code"]) == (403, "no_demo")
    rig.app.door.demo_email = "ann@example.com"
    foreign = {"Host": "trade.example"}
    refused = await rig.call("POST", "/api/v1/auth/demo", headers=foreign)
    assert (refused.status, refused.json["code"]) == (403, "no_demo")
    assert not (await rig.call("GET", "/api/v1/house", headers=foreign)).json["demo"]
    crossed = {**HERE, "Sec-Fetch-Site": "cross-site"}
    refused = await rig.call("POST", "/api/v1/auth/demo", headers=crossed)
    assert (refused.status, refused.json["code"]) == (403, "cross_site")
