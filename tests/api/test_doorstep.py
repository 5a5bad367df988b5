"""Proxies in front, pages of other sites, and the headers that guard every answer."""

from typing import Any

import pytest

from stockyard.api.doorstep import Doorstep, parse_origins, parse_proxies
from stockyard.app import doorstep_rules
from stockyard.config import Config, ConfigError
from tests.api.rig import PASSWORD, Answer, Rig, Trader, http_scope

APP = "https://app.example.com"
PROXY = "192.0.2.0/24"
"""The rig's client is 192.0.2.1."""


def seen(forwarded: str | list[str], peer: str = "192.0.2.1", **headers: str) -> tuple[str, str]:
    """Address and scheme as the door sees them."""
    said = [forwarded] if isinstance(forwarded, str) else forwarded
    pairs = [("x-forwarded-for", value) for value in said]
    pairs += [(name.replace("_", "-"), value) for name, value in headers.items()]
    scope = http_scope("GET", "/health", "", pairs)
    scope["client"] = (peer, 4711)
    Doorstep(parse_proxies(f"{PROXY}, 2001:db8::/64, 10.0.0.1")).arrive(scope)
    return scope["client"][0], scope["scheme"]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (["6.6.6.6", "198.51.100.7, 10.0.0.1"], "198.51.100.7"),
        ("10.0.0.1", "10.0.0.1"),
        ("198.51.100.7:4444", "198.51.100.7"),
        ("[2001:db8:1::5]:4444", "2001:db8:1::5"),
        ("2001:db8:1::5", "2001:db8:1::5"),
        ("6.6.6.6, nonsense", "192.0.2.1"),
        ("6.6.6.6, nonsense, 10.0.0.1", "10.0.0.1"),
        ("", "192.0.2.1"),
        ("198.51.100.7" + ", 10.0.0.1" * 50, "10.0.0.1"),
    ],
)
def test_the_address_is_the_nearest_that_no_proxy_of_ours_has(
    forwarded: str | list[str], address: str
) -> None:
    assert seen(forwarded)[0] == address


def test_whoever_is_no_proxy_is_not_believed() -> None:
    assert seen("6.6.6.6", "203.0.113.9", x_forwarded_proto="https") == ("203.0.113.9", "http")
    assert seen("6.6.6.6", "nonsense") == ("nonsense", "http")


def test_a_proxy_says_whether_it_was_asked_over_https() -> None:
    assert seen("198.51.100.7", x_forwarded_proto="https") == ("198.51.100.7", "https")
    assert seen("198.51.100.7", x_forwarded_proto="https, http") == ("198.51.100.7", "http")
    assert seen("198.51.100.7", "::ffff:192.0.2.1", x_forwarded_proto="https")[1] == "https"


async def test_behind_a_proxy_each_address_is_throttled_for_itself() -> None:
    rig = Rig(proxies=parse_proxies(PROXY))
    wrong = {"email": "nobody@example.com", "password": "wrong password"}

    async def tried(address: str, n: int) -> int:
        body = {**wrong, "email": f"n{n}@example.com"}
        headers = {"X-Forwarded-For": address}
        return (await rig.call("POST", "/api/v1/auth/login", body, headers=headers)).status

    assert {await tried("198.51.100.7", n) for n in range(50)} == {401}
    assert await tried("198.51.100.7", 50) == 429
    assert await tried("198.51.100.8", 50) == 401


async def test_an_address_that_claims_to_be_another_is_throttled_as_itself() -> None:
    rig = Rig()
    codes = set()
    for n in range(51):
        body = {"email": f"n{n}@example.com", "password": "wrong password"}
        headers = {"X-Forwarded-For": f"198.51.100.{n}"}
        codes.add((await rig.call("POST", "/api/v1/auth/login", body, headers=headers)).status)
    assert codes == {401, 429}


def cors(answer: Answer) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


@pytest.fixture
async def open_rig() -> Rig:
    rig = Rig(origins=parse_origins(f"{APP}, http://localhost:5173"))
    rig.quote("AAPL", 189.99, 190.01)
    return rig


async def test_an_allowed_page_may_ask_and_read(open_rig: Rig) -> None:
    ann = await open_rig.trader()
    asked = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
    preflight = await open_rig.call(
        "OPTIONS",
        "/api/v1/orders",
        headers={**asked, "Access-Control-Request-Method": "POST"},
    )
    assert preflight.status == 204
    assert cors(preflight)["access-control-allow-origin"] == APP
    assert "Idempotency-Key" in cors(preflight)["access-control-allow-headers"]
    placed = await ann.order(headers=asked)
    assert placed.status == 201
    assert cors(placed)["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in {**cors(placed), **cors(preflight)}
    assert placed.headers["vary"] == "origin"
    refused = await open_rig.call("GET", "/api/v1/me", headers=asked)
    assert (refused.status, cors(refused)["access-control-allow-origin"]) == (401, APP)


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "http://app.example.com",
        "https://evil.example",
        "null",
        "*",
        "",
    ],
)
async def test_no_other_page_may(open_rig: Rig, origin: str) -> None:
    asked = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    preflight = await open_rig.call(
        "OPTIONS", "/api/v1/orders", headers={**asked, "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status == 405
    assert not cors(preflight)
    body = {"email": "ann@example.com", "password": PASSWORD}
    refused = await open_rig.call("POST", "/api/v1/auth/login", body, headers=asked)
    assert (refused.status, refused.json["code"]) == (403, "cross_site")
    assert not cors(refused)


async def test_by_default_no_page_of_another_site_may(rig: Rig, ann: Trader) -> None:
    headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
    assert (await ann.order(headers=headers)).status == 403
    assert "vary" not in (await ann.call("GET", "/me")).headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/quotes"),
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/nowhere"),
        ("POST", "/api/v1/orders"),
        ("GET", "/v2/account"),
        ("GET", "/v2/nowhere"),
        ("DELETE", "/health"),
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/nowhere"),
    ],
)
async def test_every_answer_is_guarded(rig: Rig, method: str, path: str) -> None:
    told = (await rig.call(method, path)).headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["cache-control"] == "no-store"
    assert told["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert told["referrer-policy"] == "no-referrer"
    assert told["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in told
    assert "server" not in told


async def test_the_front_page_keeps_its_style_and_no_script(rig: Rig) -> None:
    told = (await rig.call("GET", "/")).headers["content-security-policy"]
    assert "style-src 'unsafe-inline'" in told
    assert "default-src 'none'" in told


async def test_https_is_insisted_on_only_over_https() -> None:
    rig = Rig(proxies=parse_proxies(PROXY))
    for proto, told in (("https", "max-age=31536000"), ("http", None)):
        headers = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": proto}
        answer = await rig.call("GET", "/health", headers=headers)
        assert answer.headers.get("strict-transport-security") == told


@pytest.mark.parametrize(
    "said",
    [
        {"cors_origins": "*"},
        {"cors_origins": "https://*.example.com"},
        {"cors_origins": "app.example.com"},
        {"cors_origins": "https://app.example.com/path"},
        {"cors_origins": "https://user@app.example.com"},
        {"cors_origins": "null"},
        {"trusted_proxies": "everybody"},
        {"trusted_proxies": "10.0.0.1/8"},
        {"trusted_proxies": "10.0.0.300"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(said))):
        doorstep_rules(Config(**said))


def test_settings_may_be_lists() -> None:
    said = Config(trusted_proxies="127.0.0.1, ::1", cors_origins=f" {APP.upper()}/ ,")
    proxies, origins = doorstep_rules(said)
    assert ([str(p) for p in proxies], origins) == (["127.0.0.1/32", "::1/128"], (APP,))


async def test_asking_which_addresses_are_taken_is_throttled(rig: Rig) -> None:
    await rig.register()
    body = {"email": "ann@example.com", "password": PASSWORD, "name": "A"}
    statuses = [(await rig.call("POST", "/api/v1/auth/register", body)).status for _ in range(51)]
    assert set(statuses[:50]) == {409}
    assert statuses[50] == 429
