"""Memory that is freed goes back to the system, seen by a process of its own."""

import subprocess
import sys

HASHES = """
from concurrent.futures import ThreadPoolExecutor
from stockyard.people.passwords import Passwords
from stockyard.runtime.heap import return_large_blocks

def resident_kib():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

return_large_blocks()
passwords = Passwords()
with ThreadPoolExecutor(1) as thread:
    thread.submit(len, ()).result()
    before = resident_kib()
    for _ in range(3):
        thread.submit(passwords.hash, "a bench of oak").result()
    print(resident_kib() - before)
"""


def test_what_a_password_s_hash_took_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HASHES], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) < 8_000
