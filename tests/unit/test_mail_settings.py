"""Goal: settings of mail that cannot be meant are refused at the start, by their names."""

from typing import Any

import pytest

from stockyard.config import Config, ConfigError
from stockyard.server import Server

WELL: dict[str, Any] = {
    "public_url": "https://paper.example.com",
    "smtp_host": "mail.example.com",
    "mail_from": "Stockyard <no-reply@example.com>",
}


@pytest.mark.parametrize(
    "said",
    [
        {},
        WELL,
        {**WELL, "production": True},
        {**WELL, "mail_from": "no-reply@example.com"},
        {**WELL, "smtp_user": "me", "smtp_password": "secret"},
        {**WELL, "smtp_user": "me", "smtp_password": "x", "smtp_tls": "none", "smtp_host": "::1"},
        {"public_url": "http://10.0.0.7:8000/"},
    ],
)
def test_what_can_be_meant(said: dict[str, Any]) -> None:
    Server(Config(**said))


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({**WELL, "public_url": ""}, "smtp_host"),
        ({**WELL, "public_url": "paper.example.com"}, "public_url"),
        ({**WELL, "public_url": "https://paper.example.com/app"}, "public_url"),
        ({**WELL, "public_url": "https://paper.example.com?x=1"}, "public_url"),
        ({**WELL, "mail_from": ""}, "mail_from"),
        ({**WELL, "mail_from": "a@example.com\r\nBcc: b@example.com"}, "mail_from"),
        ({**WELL, "smtp_user": "me"}, "smtp_user"),
        ({**WELL, "smtp_user": "me", "smtp_password": "x", "smtp_tls": "none"}, "smtp_tls"),
        ({"production": True}, "production"),
        ({"production": True, "public_url": "http://paper.example.com"}, "production"),
    ],
)
def test_what_cannot_be_meant(said: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Server(Config(**said))
