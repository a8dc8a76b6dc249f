"""The other way round: OpenAI's own client, which nobody here wrote, against the practice OpenAI."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.servers.install import python_packages
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI

NAME = "client"
TITLE, VERSION = "OpenAI's client for Python", "3.57.0"
PROGRAM = Path(__file__).parent / "client_program.py"


def asked(kept: Path, practice: PracticeOpenAI) -> Mapping[str, str]:
    """Have the client ask the practice OpenAI; return what it read, by the names of the trials."""
    programs = python_packages(kept / "openai", (f"openai=={VERSION}",))
    command = [str(programs / "python"), str(PROGRAM), practice.base_url, API_KEY]
    printed = subprocess.run(command, check=True, capture_output=True, timeout=120).stdout
    read: Mapping[str, str] = json.loads(printed)
    return read
