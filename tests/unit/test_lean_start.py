"""What weighs megabytes is loaded by whoever first needs it, not by every start."""

import subprocess
import sys

import pytest

HEAVY = ("cryptography", "jwt", "pyotp", "segno", "reportlab", "strawberry", "aiosmtplib")


@pytest.mark.parametrize("module", ["stockyard.server", "stockyard.cli"])
def test_a_start_loads_nothing_heavy(module: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(found.stdout.split())
    assert module in loaded
    assert not loaded & set(HEAVY)
