"""The pages of code that a process gives back are no longer its memory, and it runs on as before."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import hashlib, re, ssl
from cocoai.engine.process.code_pages import release_code_pages

def resident():
    text, is_code = 0, False
    for line in open("/proc/self/smaps"):
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            is_code = " r-xp " in line and "libcrypto" in line
        elif line.startswith("Rss:") and is_code:
            text += int(line.split()[1])
    return text

ssl.create_default_context()
first = hashlib.sha3_256(b"?").hexdigest()
before = resident()
released = release_code_pages()
after = resident()
assert 0 < released and after < before / 2, (released, before, after)
assert first == hashlib.sha3_256(b"?").hexdigest()
ssl.create_default_context()
print(before, after)
"""


def test_code_that_has_run_is_given_back_and_runs_again() -> None:
    """OpenSSL's, which the warm-up has run: most of it is no longer resident, and the next use is right."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)

    assert (0, "") == (done.returncode, done.stderr)
