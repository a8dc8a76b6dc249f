"""A folder with settings for practice servers, and what `cocoai check` finds there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from cocoai import config
from cocoai.check.result import Finding, Result
from cocoai.check.target import Target, find_target
from cocoai.check.words.languages import LANGUAGES
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack

SECRET = "0123456789abcdef0123456789abcdef"
"""A signing secret of the usual shape."""

SECRETS = (SECRET, TOKEN, API_KEY, "proxy-password")
"""What no output may show."""

Check = Callable[[Target], Iterable[Result]]


@dataclass
class Desk:
    """The servers, and a folder in which settings for them are written."""

    folder: Path
    certificates: Certificates
    slack: PracticeSlack
    openai: PracticeOpenAI

    def values(self) -> dict[str, dict[str, str]]:
        """Return the settings with which all is right, by section and key."""
        return {
            "slack": {"signing_secret": SECRET, "bot_token": TOKEN, "api_url": self.slack.api_url},
            "openai": {"api_key": API_KEY, "base_url": self.openai.base_url},
            "paths": {"var": "var"},
            "network": {"ca_file": self.certificates.ca_file},
            "pool": {"status_listen": "off"},
            "prices": {"gpt-6-luna": "0.10/0.01/0.125/0.50"},
        }

    def write(self, changes: Mapping[str, Mapping[str, str]] | None = None) -> str:
        """Write the settings with these changes; return the file's path."""
        values = self.values()
        for section, keys in (changes or {}).items():
            values.setdefault(section, {}).update(keys)
        file = self.folder / "cocoai.ini"
        text = "".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
            for section, keys in values.items()
        )
        file.write_text(text)
        file.chmod(0o600)
        return str(file)

    def target(self, changes: Mapping[str, Mapping[str, str]] | None = None, *, url: str = "", **more: Any) -> Target:
        """Return what is checked with these changes of the settings; `more` are fields of the target."""
        settings = config.read(self.write(changes), {})
        return replace(find_target(settings, settings.file, url=url), **more)

    def reset(self) -> None:
        """Give the servers their usual manners."""
        for switches in (self.slack.switches, self.openai.switches):
            usual = type(switches)()
            for each in fields(usual):
                setattr(switches, each.name, getattr(usual, each.name))
        self.slack.clear_faults()
        self.openai.clear_faults()


def found(results: Iterable[Result], part: str) -> list[Finding]:
    """Return the findings on a part, in English; each result has all the values that its sentences name."""
    results = list(results)
    for each in results:
        wanted = re.findall(r"\{(\w+)\}", " ".join(LANGUAGES["en"].sentences(each)))
        assert set(wanted) <= set(each.values), each
    return [LANGUAGES["en"].finding(each) for each in results if each.part == part]


def listing(*folders: Path | str) -> dict[str, tuple[int, int, int]]:
    """Return the size, the mode and the time of each file and folder below these, by its path."""
    seen = {}
    for folder in folders:
        for path in [Path(folder), *Path(folder).rglob("*")]:
            stat = os.lstat(path)
            seen[str(path)] = (stat.st_size, stat.st_mode, stat.st_mtime_ns)
    return seen
