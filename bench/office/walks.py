"""The turns of the office's day: what is asked, done and awaited, at a desk and on a phone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.office.visitor import Visitor

Walk = Callable[[Visitor, Path], None]

FIRST, SECOND, THIRD = "U0ASKER01", "U0ASKER02", "U0ASKER04"
BOXES = {FIRST: "D0PRACTICE", SECOND: "D0SECOND"}
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A picture of one pixel (PNG)."""
ROWS = (("品名 item", "円 yen"), ("茶 tea", "120"), ("紙 paper", "480"))
SHEET = "".join(f"<tr><td>{item}</td><td>{price}</td></tr>" for item, price in ROWS)
"""The cells of a spreadsheet, as it puts them into the clipboard within a table."""


def desk(visitor: Visitor, folder: Path) -> None:
    """Walk through a day at a desk."""
    for part in (conversation, commands, shapes, attachments, people, controls, changes, box, trouble):
        part(visitor, folder)


def phone(visitor: Visitor, folder: Path) -> None:
    """Walk through the same, shorter, on a phone."""
    for part in (conversation, commands, pocket, people_on_a_phone, box):
        part(visitor, folder)


def conversation(visitor: Visitor, _: Path) -> None:
    """Ask, go on asking, and thank."""
    words = visitor.words
    with visitor.turn("opens the channel"):
        visitor.opens()
        visitor.sees("#channel-name" if not visitor.is_phone else "#channel-write textarea")
        visitor.misses(".hint.alone")
    with visitor.turn("forgets the mention"):
        visitor.sees("#channel-write textarea").send_keys(words.plain)
        visitor.sees("#channel-write .hint.alone", words.no_mention)
    visitor.opens()
    with visitor.turn("asks"):
        visitor.asks(words.question)
        visitor.answered(words.frame, words.question)
    with visitor.turn("follows up"):
        visitor.replies(words.follow_up)
        visitor.answered(words.follow_up)
    with visitor.turn("thanks"):
        visitor.replies(words.thanks)
        visitor.sees("#thread .reaction")
        visitor.sees("#thread .message:last-child .text", words.thanks)


def commands(visitor: Visitor, _: Path) -> None:
    """Ask for help, for the model's name, and for a new beginning."""
    words = visitor.words
    with visitor.turn("help"):
        visitor.asks(words.help)
        visitor.noted(words.texts.help.splitlines()[0])
    with visitor.turn("model"):
        visitor.replies(words.model)
        visitor.noted(words.texts.model.partition("{model}")[2])
    with visitor.turn("reset"):
        visitor.replies(words.reset)
        visitor.noted(words.texts.started_over)


def shapes(visitor: Visitor, _: Path) -> None:
    """Get answers of all shapes."""
    words = visitor.words
    with visitor.turn("a table"):
        visitor.asks(words.table)
        visitor.answered(words.table, words.frame_end)
        visitor.sees("#thread .wide td")
    with visitor.turn("code"):
        visitor.asks(words.code)
        visitor.answered(words.code, words.frame_end)
        visitor.sees("#thread pre", "fizz_buzz")
    with visitor.turn("a list"):
        visitor.replies(words.list)
        visitor.answered(words.list, words.frame_end)
        visitor.sees("#thread .markdown li")
    with visitor.turn("a long answer"):
        visitor.asks(words.long)
        visitor.answered(words.texts.cut_button.format(button=words.texts.buttons["continue"]))
    with visitor.turn("reads its rest"):
        visitor.replies(words.go_on)
        visitor.answered()


def attachments(visitor: Visitor, folder: Path) -> None:
    """Send files, a picture and cells of a spreadsheet."""
    words = visitor.words
    (folder / "議事録 minutes.txt").write_text("予算 budget: 42\n" * 40)
    (folder / "dot.png").write_bytes(DOT)
    with visitor.turn("a file"):
        visitor.closes()
        visitor.attaches("#channel-write", folder / "議事録 minutes.txt")
        visitor.asks(words.file)
        visitor.answered(words.frame)
        visitor.sees("#thread .file", "議事録 minutes.txt")
    with visitor.turn("a picture"):
        visitor.attaches("#thread-write", folder / "dot.png")
        visitor.replies(words.picture)
        visitor.answered(words.picture)
    with visitor.turn("a pasted table"):
        visitor.closes()
        visitor.pastes("#channel-write", f"<table>{SHEET}</table>")
        visitor.asks(words.sheet)
        visitor.answered(words.sheet)
        visitor.sees("#thread .attached td", "480")


def people(visitor: Visitor, _: Path) -> None:
    """Talk in one thread as three people."""
    words = visitor.words
    with visitor.turn("a thread of the first"):
        visitor.asks(words.question)
        visitor.answered(words.question)
    with visitor.turn("the second asks in it"):
        visitor.becomes(SECOND)
        visitor.replies(f"@CocoAI {words.other}")
        visitor.answered(words.other)
    with visitor.turn("the third calls it by name"):
        visitor.becomes(THIRD)
        visitor.replies(words.third)
        visitor.answered(words.third)
    with visitor.turn("the third may delete only its own"):
        visitor.misses("#thread .message:nth-child(2) [data-key=cocoai_delete]")
        visitor.sees("#thread [data-key=cocoai_delete]")
    with visitor.turn("an opinion of the third, which the first does not see"):
        visitor.presses("up")
        visitor.sees("#thread .whispered", words.texts.thanks)
        visitor.sees("#thread .only", words.only_you)
        visitor.sees("#thread .icon[aria-pressed=true]")
        visitor.becomes(FIRST)
        visitor.misses(".whispered")
        visitor.misses("#thread .icon[aria-pressed=true]")


def people_on_a_phone(visitor: Visitor, _: Path) -> None:
    """Talk in one thread as two people, on a phone."""
    words = visitor.words
    with visitor.turn("the second asks in it"):
        visitor.becomes(SECOND)
        visitor.replies(f"@CocoAI {words.other}")
        visitor.answered(words.other)
    with visitor.turn("an opinion of the second"):
        visitor.presses("up")
        visitor.sees("#thread .whispered", words.texts.thanks)
        visitor.becomes(FIRST)


def controls(visitor: Visitor, _: Path) -> None:
    """Press the buttons of answers."""
    words = visitor.words
    with visitor.turn("an opinion"):
        visitor.asks(words.question)
        visitor.answered(words.question)
        visitor.presses("up")
        visitor.sees("#thread .whispered", words.texts.thanks)
    with visitor.turn("again"), slowly(visitor):
        visitor.presses("again")
        visitor.sees("#thread .press[data-key=cocoai_stop]")
        visitor.answered(words.question)
    with visitor.turn("deletes the answer"):
        visitor.presses("delete")
        visitor.sees("#confirm-text", words.texts.buttons["delete_confirm"])
        visitor.sees("#agree").click()
        visitor.reader.waits("document.querySelectorAll('#thread .message:not(.whispered)').length === 2")
    with visitor.turn("stops"), slowly(visitor):
        visitor.asks(words.long)
        visitor.presses("stop")
        visitor.noted(words.texts.stopped)


def changes(visitor: Visitor, _: Path) -> None:
    """Edit, forward and delete messages."""
    words = visitor.words
    with visitor.turn("edits"):
        visitor.asks(words.question)
        visitor.answered(words.question)
        visitor.chooses("#thread .message:first-child", words.edit)
        visitor.sees("#compose-text").send_keys(" (v2)")
        visitor.sees("#compose-do").click()
        visitor.sees("#thread .edited", words.edited)
    with visitor.turn("forwards into the box"):
        visitor.chooses("#thread .message:first-child", words.forward)
        _chooses_target(visitor, BOXES[FIRST])
        visitor.sees("#compose-text").send_keys(words.forwarded)
        visitor.sees("#compose-do").click()
        visitor.sees("#channel .forwarded", words.question[:8])
    with visitor.turn("reads what was said to it"):
        visitor.sees("#channel .message:last-child .replies").click()
        visitor.answered(words.forwarded)
    with visitor.turn("forwards an answer into the channel"):
        visitor.chooses("#thread .message:last-child", words.forward)
        _chooses_target(visitor, "C0PRACTICE")
        visitor.sees("#compose-do").click()
        visitor.sees("#channel .forwarded .from", "CocoAI")
    with visitor.turn("deletes a message"):
        visitor.asks(words.plain, mention=False)
        visitor.sees("#channel .message:last-child .text", words.plain)
        visitor.chooses("#channel .message:last-child", words.remove)
        visitor.sees("#confirm-text", words.plain)
        visitor.sees("#agree").click()
        last = "document.querySelector('#channel .message:last-child').innerText"
        visitor.reader.waits(f"!{last}.includes('{words.plain}')")
    with visitor.turn("deletes an opener"):
        visitor.asks(words.question)
        visitor.answered(words.question)
        visitor.chooses("#thread .message:first-child", words.remove)
        visitor.sees("#agree").click()
        visitor.sees("#thread .gone", words.deleted)


def box(visitor: Visitor, _: Path) -> None:
    """Talk in a direct message's box."""
    words = visitor.words
    with visitor.turn("asks in the box"):
        visitor.closes()
        visitor.sees(f".place[data-id={BOXES[FIRST]}]").click()
        visitor.asks(words.direct, mention=False)
        visitor.answered(words.direct)
    with visitor.turn("goes on in its thread"):
        visitor.misses("#thread-write .hint.alone")
        visitor.replies(words.follow_up)
        visitor.answered(words.follow_up)
    with visitor.turn("thanks in the box"):
        visitor.closes()
        visitor.asks(words.thanks, mention=False)
        visitor.sees("#thread .text", words.thanks)
        visitor.sees("#thread .reaction")


def trouble(visitor: Visitor, _: Path) -> None:
    """Meet a model that is busy, silent, cut off, or slow."""
    words, openai = visitor.words, visitor.built.openai
    visitor.goes("C0PRACTICE")
    with visitor.turn("waits"), slowly(visitor):
        visitor.asks(words.wait)
        visitor.noted(words.texts.placeholder.strip("~"))
    with visitor.turn("reads it after all"):
        visitor.answered(words.wait, words.frame_end)
    with visitor.turn("a busy model"):
        openai.fail("rate limited", seconds=8)
        visitor.asks(words.question)
        visitor.noted(words.texts.waits["busy"])
    with visitor.turn("answers after the wait"):
        visitor.answered(words.question)
    with visitor.turn("a silent model"):
        openai.fail("silent", seconds=300)
        visitor.asks(words.question)
        visitor.noted(words.texts.waits["silent"])
    with visitor.turn("answers after the silence"):
        visitor.answered(words.question)
    with visitor.turn("a cut answer"):
        openai.fail("cut", after=8)
        visitor.asks(words.code)
        visitor.noted(words.texts.waits["away"])
    with visitor.turn("answers after the cut"):
        visitor.answered(words.code, words.frame_end)
    with visitor.turn("no credit"):
        openai.fail("no credit")
        visitor.asks(words.question)
        visitor.noted(words.texts.sorry["operator"])


def pocket(visitor: Visitor, folder: Path) -> None:
    """Do on a phone what people do there."""
    words = visitor.words
    with visitor.turn("a table"):
        visitor.asks(words.table)
        visitor.answered(words.table, words.frame_end)
        visitor.sees("#thread .wide td")
    with visitor.turn("code"):
        visitor.replies(words.code)
        visitor.answered(words.code, words.frame_end)
    with visitor.turn("a picture"):
        (folder / "dot.png").write_bytes(DOT)
        visitor.attaches("#thread-write", folder / "dot.png")
        visitor.replies(words.picture)
        visitor.answered(words.picture)
    with visitor.turn("a pasted table"):
        visitor.closes()
        visitor.pastes("#channel-write", f"<table>{SHEET}</table>")
        visitor.asks(words.sheet)
        visitor.answered(words.sheet)
    with visitor.turn("stops"), slowly(visitor):
        visitor.asks(words.long)
        visitor.presses("stop")
        visitor.noted(words.texts.stopped)
    with visitor.turn("edits"):
        visitor.chooses("#thread .message:first-child", words.edit)
        visitor.sees("#compose-text").send_keys(" (v2)")
        visitor.sees("#compose-do").click()
        visitor.sees("#thread .edited", words.edited)
    with visitor.turn("opens the forward dialog"):
        visitor.chooses("#thread .message:first-child", words.forward)
        visitor.sees("#compose-quote")
    with visitor.turn("forwards into the channel"):
        visitor.sees("#compose-do").click()
        visitor.sees("#channel .forwarded")
    with visitor.turn("a short question"):
        visitor.asks(words.question)
        visitor.answered(words.question)


@contextmanager
def slowly(visitor: Visitor) -> Iterator[None]:
    """Let the model think and write slowly meanwhile."""
    switches = visitor.built.openai.switches
    swift = switches.first_delay, switches.piece_delay
    switches.first_delay, switches.piece_delay = 2.5, 0.1
    try:
        yield
    finally:
        switches.first_delay, switches.piece_delay = swift


def _chooses_target(visitor: Visitor, value: str) -> None:
    visitor.reader.script("document.getElementById('compose-target').value = arguments[0]", value)
