import pytest

from stockyard.people.errors import REFUSALS, UserError
from stockyard.people.users import (
    checked_name,
    checked_password,
    checked_role,
    new_user_id,
    normal_email,
)

LOCAL_64 = "a" * 64


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.B+stocks@Example.COM ", "ann.b+stocks@example.com"),
        ("o'neil@mail.example.co", "o'neil@mail.example.co"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        (f"{LOCAL_64}@example.com", f"{LOCAL_64}@example.com"),
    ],
)
def test_an_address_gets_its_one_form(text: str, normal: str) -> None:
    assert normal_email(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@localhost",
        "ann@@example.com",
        "ann@exa mple.com",
        ".ann@example.com",
        "ann.@example.com",
        "a..b@example.com",
        "ann@-example.com",
        "ann@example-.com",
        "ann@example..com",
        "ann@example.com.",
        "ann@example.com\nbcc: bob@example.com",
        "änn@example.com",
        "ann@büch.example",
        "ann@example.com\x00",
        "\ud800@example.com",
        f"a{LOCAL_64}@example.com",
        f"ann@{'a' * 64}.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        normal_email(text)
    assert (refusal.value.code, refusal.value.field) == ("invalid_email", "email")


def test_an_address_may_have_254_characters_and_no_more() -> None:
    labels = ".".join(["b" * 61] * 4)
    longest = f"ann@{labels}.co"
    assert len(longest) == 254
    assert normal_email(longest) == longest
    with pytest.raises(UserError, match="255 characters"):
        normal_email(f"x{longest}")


def test_hostile_text_is_refused_quickly() -> None:
    with pytest.raises(UserError):
        normal_email("a@" + "a." * 200_000)
    with pytest.raises(UserError):
        normal_email("a." * 120 + "@")


@pytest.mark.parametrize("name", ["Ann", "  Ann  ", "Zoë Ångström", "李小龍", "x" * 100])
def test_a_name_keeps_all_but_the_blanks_around_it(name: str) -> None:
    assert checked_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\x00b", "a\u202eb", "\ud800"])
def test_an_unprintable_or_overlong_name_is_refused(name: str) -> None:
    with pytest.raises(UserError) as refusal:
        checked_name(name, "account_name")
    assert (refusal.value.code, refusal.value.field) == ("invalid_name", "account_name")


@pytest.mark.parametrize("password", ["12345678", "x" * 128, "пароль-🐎", "e\u0301" * 128])
def test_a_password_of_8_to_128_characters_will_do(password: str) -> None:
    checked_password(password, "ann@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "1234567",
        "x" * 129,
        "x" * 100_000,
        "e\u0301" * 7,
        "ann@example.com",
        " ANN@Example.com ",
        "half \ud800 pair",
    ],
)
def test_a_poor_password_is_refused(password: str) -> None:
    with pytest.raises(UserError) as refusal:
        checked_password(password, "ann@example.com")
    assert (refusal.value.code, refusal.value.field) == ("invalid_password", "password")
    assert refusal.value.right


def test_only_known_roles_exist() -> None:
    assert [checked_role(role) for role in ("user", "instructor", "admin")]
    with pytest.raises(UserError, match="invalid_role"):
        checked_role("Admin")


def test_an_id_is_a_version_4_uuid() -> None:
    assert new_user_id(lambda size: b"\xff" * size) == "ffffffff-ffff-4fff-bfff-ffffffffffff"


def test_a_refusal_must_have_a_word_with_a_status() -> None:
    assert all(400 <= status < 600 for status in REFUSALS.values())
    with pytest.raises(KeyError):
        UserError("made_up", "", "", "")
