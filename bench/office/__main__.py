"""Walk through office work on the practice page in a headless Chromium, and look at it with axe-core.

    python -m bench.office --pictures FOLDER     all walks, then the accessibility check: about ten minutes
    python -m bench.office ja-phone              one walk (ja-desk, ja-phone, en-desk, en-phone)

CocoAI runs as in production between the practice Slack and OpenAI. Each turn says what must stand on the page, and its
picture is put into FOLDER. axe-core (npm) is installed into a temporary folder. The exit status is 1 if at any turn
something else stood there, or if there is any fault of accessibility.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.office import walks
from bench.office.accessibility import Checker
from bench.office.visitor import DESK, PHONE, Diary, Visitor
from bench.office.words import EN, JA
from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from tests import browser
from tests.deployment import deploy
from tests.rehearsal.page.page_reader import Reader

WALKS = {
    "ja-desk": (JA, DESK, walks.desk),
    "ja-phone": (JA, PHONE, walks.phone),
    "en-desk": (EN, DESK, walks.desk),
    "en-phone": (EN, PHONE, walks.phone),
}


def main() -> int:
    """Run the walks that the command line names, and the check; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("walks", nargs="*", choices=[*WALKS, []], help="all, if none is named")
    parser.add_argument("--pictures", type=Path, help="the folder that takes a picture of each turn")
    options = parser.parse_args()
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    diary = Diary(options.pictures)
    with tempfile.TemporaryDirectory(prefix="office-") as name:
        folder = Path(name)
        checker = Checker(folder / "axe")
        certificates = make(folder / "certificates")
        (folder / "v").mkdir()
        model = OpenAISwitches(first_delay=0.2, piece_delay=0.005)
        settings = {"COCOAI_OPENAI_FIRST_WORD_TIMEOUT": "5"}
        with (
            deploy(
                folder / "v",
                certificates,
                manner=SlackSwitches(latency=0.05),
                openai=lambda made: PracticeOpenAI(made, switches=model),
                **settings,
            ) as built,
            PracticePage(built.slack.page) as page,
            browser.chromium(folder / "chromium") as chromium,
        ):
            built.slack.page.books = built.openai.books
            reader = Reader(chromium)
            for each in options.walks or WALKS:
                words, size, walk = WALKS[each]
                print(f"\n{each}", flush=True)
                visitor = Visitor(reader, built, page.url, words, size, diary)
                before = len(built.slack.messages())
                walk(visitor, folder)
                replies = [each for each in built.slack.messages()[before:] if each.user == "U0COCOAI"]
                check(visitor, checker, [f"C0PRACTICE/{each.thread_ts}" for each in replies if each.thread_ts])
    return report(diary, checker)


def check(visitor: Visitor, checker: Checker, threads: list[str]) -> None:
    """Look at the page with the channel, each of these threads, a menu and each dialog open, and at an empty box."""
    place = "phone" if visitor.is_phone else "desk"
    visitor.opens()
    visitor.sees("#channel .message")
    checker.check(visitor, f"channel, {place}")
    first, *others = dict.fromkeys(threads)
    for thread in [*others, first]:
        visitor.goes(thread)
        visitor.sees(f"#thread .message[data-ts='{thread.partition('/')[2]}']")
        checker.check(visitor, f"thread, {place}")
    visitor.opens_menu("#thread .add")
    checker.check(visitor, f"picker, {place}")
    visitor.opens_menu("#thread .more")
    checker.check(visitor, f"menu, {place}")
    visitor.sees("#menu .menu-item", visitor.words.phone).click()
    visitor.sees("#phone-text")
    checker.check(visitor, f"notification, {place}")
    visitor.sees("#phone-close").click()
    visitor.opens_menu("#thread .more")
    visitor.sees("#menu .menu-item", visitor.words.forward).click()
    visitor.sees("#compose-text")
    checker.check(visitor, f"forward, {place}")
    visitor.sees("#compose-cancel").click()
    visitor.presses("delete")
    visitor.sees("#confirm-text")
    checker.check(visitor, f"confirm, {place}")
    visitor.sees("#deny").click()
    visitor.becomes(walks.THIRD)
    visitor.goes("D0THIRD")
    visitor.sees("#welcome")
    checker.check(visitor, f"welcome, {place}")
    visitor.goes("D0THIRD/home")
    visitor.sees("#home")
    checker.check(visitor, f"home, {place}")
    visitor.becomes(walks.FIRST)


def report(diary: Diary, checker: Checker) -> int:
    """Print the figures, and return the exit status."""
    checker.report()
    shares = ", ".join(f"{count} in {tag}" for tag, count in diary.languages.items())
    print(f"\n{diary.turns} turns ({shares}; {diary.on_phones} on a phone), {len(diary.faults)} faults", flush=True)
    for fault in diary.faults:
        print(f"  {fault}", flush=True)
    return 1 if diary.faults or checker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
