"""Settings: defaults, environment, command line, and what is refused."""

from pathlib import Path

import pytest

from scripts.settings_reference import PAGE, page
from stockyard.config import Config, ConfigError, read_config, settings


def test_given_wins_over_environment_wins_over_default() -> None:
    environment = {"STOCKYARD_PORT": "9000", "STOCKYARD_DATA": "/srv/yard", "HOME": "/home/me"}
    config = read_config(environment, port=9001, host=None)
    assert (config.port, config.data, config.host) == (9001, Path("/srv/yard"), "127.0.0.1")


@pytest.mark.parametrize(("text", "meant"), [("1", True), ("true", True), ("0", False)])
def test_switches_read_plain_words(text: str, meant: bool) -> None:
    assert read_config({"STOCKYARD_DEMO": text}).demo is meant


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"STOCKYARD_PORT": "eighty"}, "expected a whole number"),
        ({"STOCKYARD_PORT": "70000"}, "expected 0 to 65535"),
        ({"STOCKYARD_DEMO": "maybe"}, "expected 1 or 0"),
        ({"STOCKYARD_PROFILE": "kind"}, "expected one of ideal, realistic"),
        ({"STOCKYARD_SNAPSHOT_SECONDS": "0"}, "expected 0.1 to 86400"),
        ({"STOCKYARD_PROT": "8000"}, "there is no such setting"),
    ],
)
def test_what_cannot_be_meant_is_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_config(environment)


def test_every_setting_says_what_it_is_about() -> None:
    assert set(settings()) == set(Config.__struct_fields__)
    assert all(setting.about.endswith(".") for _, setting in settings().values())


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: make docs"
