"""Return what the pool finds of itself, in the form in which it is kept: warnings and wrongs, in English."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cocoai import config
from cocoai.check.command import secrets_of
from cocoai.check.look import from_the_pool
from cocoai.check.target import find_target
from cocoai.check.words.english import ENGLISH


def findings_of(settings: config.Settings) -> list[dict[str, Any]]:
    """Look, and return each finding that is a warning or wrong, as a dict for JSON; no secret is in it."""
    results = from_the_pool(find_target(settings, settings.file))
    found = [ENGLISH.finding(each, secrets_of(settings)) for each in results if each.level in ("warning", "wrong")]
    return [asdict(each) for each in found]
