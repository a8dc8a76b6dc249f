"""Read the arguments of `cocoai check`, and write what was found: a line each, what to type behind what is wrong.

What asks is imported when the command runs, so that the other commands start quickly.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, repeat
from typing import TYPE_CHECKING

from cocoai import config

if TYPE_CHECKING:
    from cocoai.check.result import Finding
    from cocoai.check.target import Target
    from cocoai.check.words.words import Words

CONTINUED = "         "
"""What stands before each line of a remedy."""


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `check`, and return its parser."""
    check = commands.add_parser("check", help="ask Slack, OpenAI and this machine what is wrong; how to mend it")
    check.add_argument("--url", metavar="https://HOST", default="", help="where Slack finds this machine")
    check.add_argument("--ask", action="store_true", help="ask the model a paid question too: is there credit?")
    check.add_argument("--json", action="store_true", help="for programs")
    check.add_argument("--language", choices=("en", "ja"), default="", help="else that of the terminal (LANG)")
    check.epilog = "Exit code: 0 if nothing is wrong, else 1. It writes nothing; as root (sudo) it sees most."
    check.set_defaults(command=_check)
    return check


def _check(arguments: argparse.Namespace) -> int:
    """Look at everything and write it; return 0, or 1 if something is wrong. Raise CocoAIError if --url is none."""
    from cocoai.check.look import everything
    from cocoai.check.words.languages import words_for

    words = words_for(arguments.language, os.environ)
    target = _target(arguments.config, arguments.url)
    secrets = secrets_of(target.settings)
    program = target.instance.id if target.instance else "cocoai"
    results = everything(target, ask=arguments.ask)
    findings = [words.finding(result, secrets, program=program) for result in results]
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(each) for each in findings], indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(findings, words))
    return int(any(each.level == "wrong" for each in findings))


def _target(path: str | None, url: str) -> Target:
    """Return what is checked: the settings as far as they can be read, and the sentence that says why not further."""
    from cocoai.check.target import find_target, is_hidden
    from cocoai.config.sources import find_file

    # Without a file of one's own, the one that one may not see counts: the system's.
    file = find_file(path, os.environ) or (config.SYSTEM_FILE if is_hidden(config.SYSTEM_FILE) else "")
    trouble, settings = "", None
    try:
        settings = config.read(file or None, os.environ)
    except config.SettingsError as error:
        trouble = str(error)
        with contextlib.suppress(config.SettingsError):  # without the secrets, much can be looked at
            settings = config.read(file or None, os.environ, secrets=False)
    return find_target(settings, file, trouble=trouble, url=url)


def secrets_of(settings: config.Settings | None) -> tuple[str, ...]:
    """Return what must stand in no sentence, though no check puts it there."""
    if settings is None:
        return ()
    slack, store = settings.slack, settings.store
    own = (slack.bot_token, slack.signing_secret, settings.openai.api_key, settings.network.proxy, store.password)
    return tuple(map(str, filter(None, own)))


def lines(findings: Sequence[Finding], words: Words) -> Iterator[str]:
    """Yield the lines of all findings: each on its own, its remedy below it, at the end how many there are."""
    for each in findings:
        yield f"{words.marks[each.level]}  {each.what}: {each.found}"
        if each.level != "ok":
            marks = chain("→", repeat(" "))
            yield from (
                f"{CONTINUED}{mark} {line}" for mark, line in zip(marks, each.remedy.splitlines(), strict=False)
            )
    counts = _counts(findings)
    yield ""
    yield words.lines["wrong" if counts["wrong"] else "all_right"].format(**counts)
    if any(each.id == "pool" and each.level == "ok" for each in findings):
        yield words.lines["again"]


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each level."""
    counted = Counter(each.level for each in findings)
    return {"ok": counted["ok"], "note": counted["note"], "warning": counted["warning"], "wrong": counted["wrong"]}
