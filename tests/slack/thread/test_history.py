"""A thread as turns: who said what, in the order in which it makes sense.

Each thread is written down as people see it, one message a line: `SECOND WHO [what it is]: text`, CocoAI's own with the
second of the question that they belong to (`[answer 100]`, `[part 2 of 100]`, `[placeholder 100]`). What the model is
sent is written as `? ` for the asker's turns and `! ` for ours; further lines of a turn stand below it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.errors import Permanent
from cocoai.slack.model.files import File
from cocoai.slack.model.messages import Message, MessageMetadata
from cocoai.slack.model.question import Question
from cocoai.slack.thread.history import files_of_question, turns
from cocoai.slack.thread.speakers import MOST_NAMES

pytestmark = pytest.mark.pure

US = "U0COCOAI"
NAMES = {"U0ANA": "Ana", "U0BEN": "Ben", "U0HANA": "花", "U0HANAE": "花"}
_LINE = re.compile(r"(\d+) (\w+)(?: \[(.*?)\])?: ?(.*)")
_OURS = re.compile(r"(?:part (?P<n>\d+) of|(?P<kind>\w+)) (?P<to>\d+)(?: again (?P<again>\d+))?")


def at(second: int | str) -> str:
    return f"{second}.000000"


def key(second: int | str) -> str:
    """The key of the question asked at that second in the thread that second 100 opened."""
    return f"C0PRACTICE-{at(100)}-{at(second)}"


def question(
    ts: int, text: str = "now?", *, user: str = "U0ANA", again: int = 0, files: tuple[File, ...] = ()
) -> Question:
    asked = Question("again" if again else "mention", "C0PRACTICE", at(100), at(ts), user, "T0", text, "Ev1", ts)
    return replace(asked, again=at(again) if again else "", files=tuple(file.facts() for file in files))


def message(line: str) -> Message:
    """One line of a thread, read."""
    found = _LINE.fullmatch(line)
    assert found, line
    second, who, what, text = found[1], found[2], found[3] or "", found[4]
    if who == "CocoAI":
        return _ours(second, what, text)
    files = tuple(File(f"F{n}", name) for n, name in enumerate(re.findall(r"file (\S+)", what)))
    subtype = "file_share" if files else what.removeprefix("bot").strip()
    if what.startswith("bot"):
        return Message(at(second), "", "B0BOT", text, None, subtype, who, files)
    return Message(at(second), f"U0{who.upper()}", "", text, None, subtype, "", files)


def _ours(second: str, what: str, text: str) -> Message:
    found = _OURS.fullmatch(what)
    assert found, what
    again = at(found["again"]) if found["again"] else ""
    mark = MessageMetadata(key(found["to"]), found["kind"] or "part", int(found["n"] or 1), again)
    return Message(at(second), US, "B0COCOAI", text, mark, "")


def thread(written: str) -> list[Message]:
    return [message(line.strip()) for line in written.strip().splitlines() if line.strip()]


def sent(
    messages: list[Message],
    asked: Question,
    *,
    kept: dict[str, str] | None = None,
    names: Callable[[str], str] = lambda user: NAMES.get(user, ""),
) -> str:
    """What the model is sent, as it is written down here."""
    found = turns(
        messages,
        asked,
        US,
        said=(kept or {}).get,
        names=names,
        is_reset=lambda text: text.lower() in ("reset", "リセット"),
    )
    return "\n".join(f"{'?' if turn.speaker == 'asker' else '!'} {turn.text}" for turn in found)


CASES = {
    "one asks, we answer": (
        """
        100 Ana: <@U0COCOAI> first?
        101 CocoAI [answer 100]: First.
        102 Ana: now?
        """,
        question(102),
        {},
        """
        ? first?
        ! First.
        ? now?
        """,
    ),
    "a thread that does not show the question yet": (
        "100 Ana: first?",
        question(102),
        {},
        """
        ? first?
        ? now?
        """,
    ),
    "several people are told apart by name": (
        """
        100 Ana: <@U0COCOAI> what does <@U0BEN> mean?
        101 CocoAI [answer 100]: Ask him.
        102 Ben: I mean it
        103 Ben: really, <@U0ANA>
        104 Hana: 本当?
        """,
        question(105, "<@U0COCOAI> and now?", user="U0BEN"),
        {},
        """
        ? Ana: what does @Ben mean?
        ! Ask him.
        ? Ben: I mean it
        Ben: really, @Ana
        花: 本当?
        ? Ben: and now?
        """,
    ),
    "a mention in the middle of other people's thread": (
        """
        100 Ana: the build is red
        101 Ben: since when?
        102 Ana: since <@U0NOBODY> merged
        """,
        question(103, "<@U0COCOAI> what now?", user="U0BEN"),
        {},
        """
        ? Ana: the build is red
        Ben: since when?
        Ana: since @Person 1 merged
        ? Ben: what now?
        """,
    ),
    "who alone speaks needs no name, whom he mentions does": (
        "100 Ana: ask <@U0BEN>, <@U0NOBODY>, <@U0ANA> or <@U0COCOAI>",
        question(101),
        {},
        """
        ? ask @Ben, @Person 1, @Ana or
        ? now?
        """,
    ),
    "no id is shown, and namesakes are two": (
        """
        100 X1: one
        101 Hana: two
        102 Hanae: three
        103 X2: four, <@U0X1>
        """,
        question(104),
        {},
        """
        ? Person 1: one
        花: two
        花 2: three
        Person 2: four, @Person 1
        ? Ana: now?
        """,
    ),
    "other bots are named, and may be asked about": (
        """
        100 Deploy [bot bot_message]: build 7 failed
        101 Disk [bot]: 95 % full
        """,
        question(102),
        {},
        """
        ? Deploy: build 7 failed
        Disk: 95 % full
        ? Ana: now?
        """,
    ),
    "who joined, and what was deleted, is not what was said": (
        """
        100 Ana [tombstone]: This message was deleted.
        101 Ben [channel_join]: has joined
        102 Ana [thread_broadcast]: said to all
        102 Ana [thread_broadcast]: said to all
        103 Ana [me_message]: waves
        """,
        question(110),
        {},
        """
        ? said to all
        waves
        ? now?
        """,
    ),
    "placeholders, notes and errors are nobody's turn": (
        """
        100 Ana: first?
        101 CocoAI [placeholder 100]: …
        102 CocoAI [note 100]: help
        103 CocoAI [error 100]: sorry
        """,
        question(110),
        {},
        """
        ? first?
        ? now?
        """,
    ),
    "an answer stands behind its question, not where it was posted": (
        """
        100 Ana: first?
        101 Ana: second?
        102 CocoAI [answer 100]: First.
        """,
        question(101, "second?"),
        {},
        """
        ? first?
        ! First.
        ? second?
        """,
    ),
    "what came after the question is not seen": (
        """
        100 Ana: now?
        105 Ben: later
        106 CocoAI [answer 105]: Later.
        """,
        question(100),
        {},
        "? now?",
    ),
    "an answer in parts is one turn, in their order": (
        """
        100 Ana: q
        102 CocoAI [part 3 of 100]: three
        103 CocoAI [part 2 of 100]: two
        104 CocoAI [part 2 of 100]: two once more
        101 CocoAI [answer 100]: one
        """,
        question(110),
        {},
        """
        ? q
        ! one
        two
        three
        ? now?
        """,
    ),
    "an answer that is kept is sent whole, once": (
        """
        100 Ana: q
        101 CocoAI [answer 100]: *one* (cut)
        102 CocoAI [part 2 of 100]: two
        """,
        question(110),
        {100: "**one**, and two &amp; <three>"},
        """
        ? q
        ! **one**, and two &amp; <three>
        ? now?
        """,
    ),
    "what we had no words for is no turn": (
        """
        100 Ana: q
        101 CocoAI [answer 100]: (nothing came back)
        """,
        question(110),
        {100: ""},
        """
        ? q
        ? now?
        """,
    ),
    "an answer that was deleted is gone, kept or not": (
        """
        100 Ana: q
        102 CocoAI [part 2 of 100]: two
        """,
        question(110),
        {100: "one and two"},
        """
        ? q
        ? now?
        """,
    ),
    "what was edited counts as it stands, the question too": (
        """
        100 Ana: first, edited?
        101 CocoAI [answer 100]: First.
        102 Ana: <@U0COCOAI> now, edited?
        """,
        question(102, "<@U0COCOAI> now?"),
        {},
        """
        ? first, edited?
        ! First.
        ? now, edited?
        """,
    ),
    "of a deleted question what the event told is asked": (
        "100 Ana [tombstone]: This message was deleted.",
        question(100, "now?"),
        {},
        "? now?",
    ),
    "files of before are named, the question's own go along with it": (
        """
        100 Ana [file plan.png file a.txt]: look
        101 CocoAI [answer 100]: I see.
        102 Ana [file b.pdf]:
        103 Ana [file c.pdf]: and this?
        """,
        question(103),
        {},
        """
        ? look
        [file: plan.png]
        [file: a.txt]
        ! I see.
        ? [file: b.pdf]
        ? and this?
        """,
    ),
    "a reset forgets all up to itself, and the answers to it": (
        """
        100 Ana: first?
        102 Ana: <@U0COCOAI> Reset
        103 CocoAI [answer 100]: First.
        104 CocoAI [answer 102]: Forgotten.
        105 Ana: new
        """,
        question(106),
        {},
        """
        ? new
        ? now?
        """,
    ),
    "the last of two resets counts, in any language that the caller knows": (
        """
        100 Ana: reset
        101 Ana: first
        102 Ben: リセット
        """,
        question(106),
        {},
        "? now?",
    ),
    "no reset of a bot's, of our own, of a later day or of somebody else's": (
        """
        100 Ana: first
        101 Deploy [bot]: reset
        102 CocoAI [answer 100]: reset
        103 Ana: <@U0BEN> reset
        107 Ana: reset
        """,
        question(106),
        {},
        """
        ? Ana: first
        ! reset
        ? Deploy: reset
        Ana: @Ben reset
        ? Ana: now?
        """,
    ),
    "asked again: what was there before, and the message as it stands": (
        """
        100 Ana: zero?
        101 CocoAI [answer 100]: Zero.
        102 Ana: first, edited?
        103 CocoAI [answer 102]: First.
        104 Ben: second?
        """,
        question(109, "first?", user="U0BEN", again=102),
        {},
        """
        ? zero?
        ! Zero.
        ? first, edited?
        """,
    ),
    "asked again by another, of a message that is gone": (
        "100 Ana: zero?",
        question(109, "first?", user="U0BEN", again=102),
        {},
        """
        ? Ana: zero?
        ? Ben: first?
        """,
    ),
    "what was asked again is answered twice where it was asked": (
        """
        100 Ana: first?
        101 CocoAI [answer 100]: First.
        102 Ana: second?
        103 CocoAI [answer 102]: Second.
        105 CocoAI [answer 104 again 100]: First, better.
        """,
        question(110),
        {},
        """
        ? first?
        ! First.
        First, better.
        ? second?
        ! Second.
        ? now?
        """,
    ),
    "entities are read as a person reads them": (
        "100 Ana: see <https://a.example|the page> &amp; <#C0PRACTICE|practice>",
        question(101, "<@U0COCOAI> is 1 &lt; 2 &amp;&amp; true?"),
        {},
        """
        ? see the page (https://a.example) & #practice
        ? is 1 < 2 && true?
        """,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_model_is_sent(name: str) -> None:
    """The table: each thread, the question, what is kept of our answers, and what the model is sent."""
    written, asked, kept, expected = CASES[name]
    whole = {key(second): text for second, text in kept.items()}

    assert "\n".join(line.strip() for line in expected.strip().splitlines()) == sent(thread(written), asked, kept=whole)


def test_a_thread_of_fifty_messages() -> None:
    """Two people in turn, each question with an answer in two parts and a placeholder that never went."""
    lines, expected = [], []
    for n in range(100, 150, 5):
        who = "Ben" if n % 2 else "Ana"
        lines += [f"{n} {who}: <@{US}> question {n}?", f"{n + 1} CocoAI [answer {n}]: Answer {n}, part 1."]
        lines += [f"{n + 2} CocoAI [part 2 of {n}]: Part 2.", f"{n + 3} CocoAI [placeholder {n}]: …"]
        lines += [f"{n + 4} {who}: thanks"]
        expected += [f"? {who}: question {n}?", f"! Answer {n}, part 1.", "Part 2.", f"? {who}: thanks"]
        expected = _merged(expected)

    assert 50 == len(lines)
    assert [*expected, "? Ana: now?"] == sent(thread("\n".join(lines)), question(150)).split("\n")


def _merged(lines: list[str]) -> list[str]:
    """The next question follows the last one's thanks in one turn of the askers."""
    return [
        line.removeprefix("? ") if before.startswith(("? ", "A", "B")) and ": question" in line else line
        for before, line in zip(["", *lines], lines, strict=False)
    ]


def test_another_installations_answers_are_a_bots_words() -> None:
    """It bears the same mark, but is not us; its placeholder says nothing."""
    theirs = [
        Message(at(n), "U0OTHER", "B0OTHER", text, MessageMetadata(key(100), kind), "", "Coco QA")
        for n, (kind, text) in enumerate([("answer", "Theirs."), ("placeholder", "…")], 101)
    ]

    assert "? Ana: q\nCoco QA: Theirs.\n? Ana: now?" == sent([message("100 Ana: q"), *theirs], question(110))


def test_a_name_that_looks_like_anothers_number() -> None:
    """Whoever calls himself as another was numbered is numbered in turn."""
    names = {"U0ANA": "花", "U0BEN": "花", "U0CAI": "花 2", "U0DAN": "Person 1"}
    written = thread("100 Ana: a\n101 Ben: b\n102 Cai: c\n103 Dan: d\n104 Eli: e")

    lines = sent(written, question(110), names=lambda user: names.get(user, "")).splitlines()

    assert ["? 花: a", "花 2: b", "花 2 2: c", "Person 1: d", "Person 2: e"] == lines[:-1]


@pytest.mark.parametrize("odd", ["", "x", "../../etc/passwd", "C0PRACTICE-100.000000", f"C0-{at(100)}-x"])
def test_an_odd_key_is_no_answer(odd: str) -> None:
    """Nobody is asked for the answer to it: a key is a file's name elsewhere."""
    marked = Message(at(101), US, "B0COCOAI", "Mine.", MessageMetadata(odd, "answer"), "")
    kept = {odd: "Whole."}

    assert "? now?" == sent([marked], question(110), kept=kept)


def test_nothing_is_left_of_what_is_to_be_asked_again() -> None:
    """Neither its message nor its text nor a file: the asker is to be told."""
    with pytest.raises(Permanent, match="again_gone"):
        sent([message("100 Ana: zero?")], question(109, f"<@{US}> ", again=102))


def test_a_file_alone_can_be_asked_again() -> None:
    """Its message is gone, and had no words."""
    assert "? " == sent([], question(109, "", again=102, files=(File("F1", "a.png"),)))


def test_nobodys_name_is_asked_for_where_one_speaks() -> None:
    """It costs a call to Slack."""
    asked: list[str] = []

    sent(
        thread("100 Ana: <@U0COCOAI> first?\n101 CocoAI [answer 100]: First."),
        question(110),
        names=lambda user: _noted(asked, user),
    )

    assert [] == asked


def test_only_the_names_that_are_seen_are_asked_for_the_last_ones_first() -> None:
    """Not those before a reset, no bot's, nor more than 20; the others are told apart all the same."""
    asked: list[str] = []
    written = ["100 Ben: first?", "101 Ben: reset", *(f"{n} P{n}: hello" for n in range(110, 140))]
    bot = Message(at(145), "", "B0BOT", "<@U0COCOAI> hello", None, "bot_message")

    lines = sent([*thread("\n".join(written)), bot], question(150), names=lambda user: _noted(asked, user)).split("\n")

    assert ["U0ANA", *(f"U0P{n}" for n in range(139, 139 - MOST_NAMES + 1, -1))] == asked
    assert ["? Person 1: hello", "Person 2: hello"] == lines[:2]
    assert ["name of U0P139: hello", "Person 12: hello", "? name of U0ANA: now?"] == lines[-3:]


def _noted(asked: list[str], user: str) -> str:
    asked.append(user)
    return f"name of {user}"


# The question's files


def test_the_files_that_its_message_has_now() -> None:
    """What Slack shows counts, since a copy of an event may leave them out, and files may have been deleted."""
    messages = thread("100 Ana [file a.png]: first?\n102 Ana [file b.png]: now?\n104 Ana: none")

    assert ["b.png"] == _names(files_of_question(messages, question(102)))
    assert ["a.png"] == _names(files_of_question(messages, question(109, again=100)))
    assert [] == _names(files_of_question(messages, question(104, files=(File("F9", "gone.png"),))))


def test_the_files_that_the_event_told_of() -> None:
    """Where the thread does not show the message, or only that it was deleted."""
    told = (File("F9", "c.png"),)
    deleted = thread("102 Ana [tombstone]: This message was deleted.")

    assert told == files_of_question([], question(102, files=told))
    assert told == files_of_question(deleted, question(102, files=told))


def _names(files: tuple[File, ...]) -> list[str]:
    return [file.name for file in files]


# Any thread

SECONDS = st.integers(100, 130)
PEOPLE = st.builds(
    lambda second, who, subtype: Message(at(second), who, "", f"said at {second}", None, subtype),
    SECONDS,
    st.sampled_from(["U0ANA", "U0BEN", "U0X1", ""]),
    st.sampled_from(["", "", "file_share", "channel_join", "tombstone"]),
)
OURS = st.builds(
    lambda second, to, kind, n: Message(
        at(second), US, "B0", f"{kind} {n} to {to}", MessageMetadata(key(to), kind, n), ""
    ),
    SECONDS,
    SECONDS,
    st.sampled_from(["answer", "part", "placeholder", "note", "error"]),
    st.integers(1, 3),
)
THREADS = st.lists(PEOPLE | OURS, max_size=50)


@given(THREADS, SECONDS, st.sampled_from([0, 0, 105]))
def test_any_thread(messages: list[Message], ts: int, again: int) -> None:
    """The question is last and once, nothing of after it is seen, and each answer that stands at most once."""
    asked = question(ts, "now?", again=again)
    before = again or ts

    said = turns([each for each in messages if each.ts != at(before)], asked, US, names=lambda _user: "")

    text = "\n".join(turn.text for turn in said)
    seen = [int(second) for second in re.findall(r"said at (\d+)", text)]
    answered = re.findall(r"(answer|part) (\d) to (\d+)", text)
    assert ("asker", "now?") == (said[-1].speaker, said[-1].text.removeprefix("Person 1: ").split(": ")[-1])
    assert seen == sorted(seen)
    assert all(second < before for second in seen)
    assert not re.search("placeholder|note|error", text)
    assert len(answered) == len({(n, to) for _, n, to in answered})
    assert all(int(to) < before for _, _, to in answered)
    assert all(turn.text for turn in said[:-1])


@given(THREADS)
def test_each_answer_is_whole_or_gone(messages: list[Message]) -> None:
    """All that is kept is sent exactly for the answers whose first message is still there."""
    standing = {
        each.mark.key
        for each in {each.ts: each for each in messages}.values()
        if each.mark and each.mark.kind == "answer"
    }

    said = turns(messages, question(200), US, said=lambda asked: f"<<{asked}>>")

    whole = re.findall("<<(.*?)>>", "\n".join(turn.text for turn in said if turn.speaker == "cocoai"))
    assert sorted(standing) == sorted(whole)


@given(st.lists(PEOPLE, max_size=20, unique_by=lambda each: each.ts), st.randoms(use_true_random=False))
def test_the_order_in_which_slack_tells_it_is_all_the_same(messages: list[Message], order: random.Random) -> None:
    """Each message has its own time, however the pages came."""
    mixed = order.sample(messages, len(messages))

    assert sent(messages, question(200)) == sent(mixed, question(200))
