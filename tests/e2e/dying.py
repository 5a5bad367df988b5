"""Where processes die on purpose: a module is run that kills its own, and tells what it saw."""

import json
import subprocess
import sys
from typing import Any


def told_by(module: str, *words: object, timeout_s: float) -> Any:
    """What ``tests.e2e.<module>`` prints, decoded; its errors fail the test."""
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.e2e.{module}", *map(str, words)],
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
