"""Each failure that an asker can read of, produced and read in both languages, in every form that a reply can have.

tests/failures/table.py has the texts. Where Slack is busy or away the asker reads the answer later; where it has shut
us out the asker reads nothing, and the log and `status` have the reason for the operator (tests/failures/).
tests/test_attached.py has the table of files that are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.click import FEEDBACK_ACTIONS
from cocoai.texts import LANGUAGES, Texts
from cocoai.texts.overrides import by_key
from tests.failures.harness import QUESTIONS, LocalizedHarness, localized_harness
from tests.failures.scenarios import SCENARIOS
from tests.failures.table import REFUSALS, TEXTS, ExpectedText
from tests.failures.visible import leaks
from tests.footer import actions, labels

JANUARY = {"ja": {"year": "2027", "month": "1月"}, "en": {"year": "2027", "month": "January"}}
"""The month in which a budget starts again, by language, for the texts that name it."""

OTHER = {"ja": "en", "en": "ja"}
"""By language, the other one."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[LocalizedHarness]:
    """Yield a harness; at the end of each test, nothing private may have reached its Slack."""
    with localized_harness(tmp_path, certificates) as opened:
        yield opened


def in_blocks(harness: LocalizedHarness) -> None:
    """Reply in blocks with buttons, which is the default."""


def in_text_alone(harness: LocalizedHarness) -> None:
    """Reply in text without buttons, which the settings allow."""
    harness.changes |= {"layout": Layout("mrkdwn"), "buttons": False}


def in_blocks_that_slack_refuses(harness: LocalizedHarness) -> None:
    """Reply in blocks to a Slack that refuses them, so that the reply is posted again as text."""
    harness.slack.switches.markdown_blocks = False


SHAPES = (in_blocks, in_text_alone, in_blocks_that_slack_refuses)
ONE_SHAPE = {
    "asked again too late",
    "gone on too late",
    *(name for name in SCENARIOS if "picture" in name and name != "an unseen picture"),
}
"""What needs a button, and what is told of pictures as everything else is."""

SHOWN = [(shape, name) for shape in SHAPES for name in SCENARIOS if shape is in_blocks or name not in ONE_SHAPE]


def in_shape(expected: ExpectedText, shape: Callable[[LocalizedHarness], None], language: str) -> str:
    """Return the table's text, or the one that names the button in its place, where that stands."""
    if shape is not in_blocks or expected.key not in ("cut", "unfinished"):
        return expected.by_language[language]
    texts = LANGUAGES[language]
    return str(getattr(texts, f"{expected.key}_button")).format(button=texts.buttons["continue"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("shape", "name"), SHOWN)
def test_what_the_asker_reads(
    harness: LocalizedHarness, shape: Callable[[LocalizedHarness], None], name: str, language: str
) -> None:
    """The asker reads the table's text once, in the language of the question, and no job is left.

    An apology stands alone, in the placeholder's place.
    """
    failure, produce = SCENARIOS[name]
    expected = TEXTS[failure]
    shape(harness)

    question = produce(harness, QUESTIONS[language])

    texts = {each: in_shape(expected, shape, each).format(**JANUARY[each]) for each in expected.by_language}
    paragraphs = harness.paragraphs(question)
    assert 1 == paragraphs.count(texts[language])
    assert 0 == paragraphs.count(texts[OTHER[language]])
    apologies = harness.paragraphs(question, "error")
    assert apologies in ([texts[language]], [])
    assert apologies or not expected.key.startswith("sorry")
    assert [] == harness.paragraphs(question, "placeholder")
    assert [] == harness.spool.keys("ready")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "pressable"),
    [("no credit", ["again", "delete"]), ("cut at its limit", ["continue", "again", "up", "down", "delete"])],
)
def test_what_the_asker_can_do_then(harness: LocalizedHarness, name: str, pressable: list[str], language: str) -> None:
    """An apology and an answer that was cut have buttons in the language of the question."""
    question = SCENARIOS[name][1](harness, QUESTIONS[language])
    texts, reply = LANGUAGES[language], harness.replies(question)[-1]

    words = texts.buttons | {action: texts.labels[action] for action in FEEDBACK_ACTIONS}
    assert pressable == actions(reply)
    assert [words[action] for action in pressable] == labels(reply)


# the table itself


@pytest.mark.pure
def test_the_table_has_the_texts_of_the_product() -> None:
    """Each text is the product's in both languages, under its name in the settings."""
    for expected in TEXTS.values():
        assert {language: by_key(texts)[expected.key] for language, texts in LANGUAGES.items()} == expected.by_language


@pytest.mark.pure
def test_the_table_has_every_apology_and_notice_and_each_has_a_scenario() -> None:
    """A text that is added to the product must be in the table, and must be produced here."""
    apologies = {key for key in by_key(LANGUAGES["en"]) if key.startswith("sorry")}

    notices = {"cut", "filtered", "unfinished", "empty", "nothing", "refused", "late"}
    assert apologies | notices == {expected.key for expected in TEXTS.values()}
    assert set(TEXTS) == {failure for failure, _ in SCENARIOS.values()}
    assert 9 == len(REFUSALS)


@pytest.mark.pure
@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):",
        "ZeroDivisionError: division by zero",
        "[Errno 28] No space left on device",
        "Sorry (C0PRACTICE-1763822000.000100-1763822000.000100)",
        "Sorry, U0ASKER01.",
        "token xoxb-practice",
        "Incorrect API key provided: sk-prac***.",
        "OpenAI answered 429.",
        "insufficient_quota",
        "Please slow down.",
        "see req_practice7",
        "/var/log/cocoai.log",
    ],
)
def test_private_text_is_recognized(text: str) -> None:
    """Each kind of private text is a leak; else the check that no scenario leaks would prove nothing."""
    assert leaks(text)


@pytest.mark.pure
@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_no_text_of_the_product_leaks(texts: Texts) -> None:
    """No text of the product holds anything private, whether a scenario shows it or not."""
    assert [] == [text for text in by_key(texts).values() if leaks(text)]
