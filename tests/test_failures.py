"""What goes wrong, and what people see of it: each failure of the design's section 9, produced and read.

What the sender of a request hears, in one line, at either door. Nothing is stored; `status` counts all that nginx lets
through:

    forged                   401 the signature is not Slack's
    stale                    401 the signature is stale
    unsigned                 401 the signature is missing or garbled
    too big                  413 the body is too big
    no JSON                  400 the body is not JSON
    no form                  400 the body is not a form
    an unknown path          404 not found
    another method           405 POST only
    the spool cannot write   503 cannot keep it now

What the asker reads, in the language of the question; behind it the text's name in the settings:

    OpenAI stays busy or away · sorry_busy
        OpenAIが混み合っています。しばらくしてから、もう一度聞いてください。
        OpenAI is busy. Please ask again in a while.
    no credit, a bad key, a model that is gone, a scope that is missing · sorry_operator
        設定に問題があり、答えられませんでした。管理者に確認を頼んでください。
        Something in my settings is wrong, so I could not answer. Please tell the person who runs me.
    the answer was cut at its limit · cut
        （長さの上限に達したため、ここで切れています。続きが必要なら「続き」と書いてください。）
        (This is where the length limit was reached. To read on, write “continue”.)
    all of the limit went into thinking · empty
        考えるだけで長さの上限に達してしまい、答えを書けませんでした。質問を短く分けて、もう一度聞いてください。
        All of my allowance went into thinking, and none was left to write. Please ask again in smaller pieces.
    the model refuses, or a filter does · refused
        この質問には答えられません。聞き方を変えると答えられるかもしれません。
        I can't answer this one. Asked differently, it may work.
    the model will not have what was attached · sorry_attachment
        添付ファイルを扱えず、答えられませんでした。別の形式にするか、添付せずに聞いてください。
        I could not answer with what was attached. Please send it in another format, or ask without it.
    the question does not fit the model · sorry_context_length_exceeded
        質問が長すぎて答えられませんでした。短く分けて、もう一度聞いてください。
        The question is too long for me. Please ask again in smaller pieces.
    the question kills its process, again and again · sorry_attempts
        何度か試しましたが、答えられませんでした。聞き方を変えて、もう一度聞いてください。
        I tried several times and could not answer this. Please ask it differently.
    a bug of ours · sorry
        答えられませんでした。少し待ってから、もう一度聞いてください。
        I could not answer this. Please ask again in a little while.
    the machine was away for an hour · late
        （お待たせしました。こちらの都合で返信が遅くなりました。）
        (Sorry for the wait: something on our side delayed this reply.)
    asked again when nothing is left of the question · sorry_again_gone
        元の質問が残っていないため、もう一度聞けませんでした。お手数ですが、新しく書いてください。
        The question is no longer kept, so I could not ask it again. Please write it anew.

Where Slack is busy or away the asker reads the answer, later; where it has shut us out he reads nothing, and the log
and `status` tell the operator (tests/failures/). tests/test_attached.py has the table of files that are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.slack.markdown.message_layout import Layout
from cocoai.texts import LANGUAGES, Texts
from cocoai.texts.overrides import by_key
from tests.failures.counter import QUESTIONS, Counter, counter
from tests.failures.scenarios import SCENARIOS
from tests.failures.seen import betrayals, buttons
from tests.failures.table import refused_in, told_in

TOLD = told_in(__doc__ or "")
OTHER = {"ja": "en", "en": "ja"}


@pytest.fixture
def desk(tmp_path: Path, certificates: Certificates) -> Iterator[Counter]:
    with counter(tmp_path, certificates) as opened:
        yield opened


def in_blocks(desk: Counter) -> None:
    """As by default."""


def in_text_alone(desk: Counter) -> None:
    """As the settings may want it."""
    desk.changes |= {"layout": Layout("mrkdwn"), "buttons": False}


def in_blocks_that_slack_will_not_have(desk: Counter) -> None:
    """What cannot be shown in them is said in text."""
    desk.slack.switches.markdown_blocks = False


SHAPES = (in_blocks, in_text_alone, in_blocks_that_slack_will_not_have)
NEEDS_A_BUTTON = {"asked again too late"}
SHOWN = [(shape, name) for shape in SHAPES for name in SCENARIOS if shape is in_blocks or name not in NEEDS_A_BUTTON]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("shape", "name"), SHOWN)
def test_what_the_asker_reads(desk: Counter, shape: Callable[[Counter], None], name: str, language: str) -> None:
    """What the table says, once, in the language of the question; an apology stands alone, in the placeholder's place.

    Nothing is left to be done.
    """
    row, produce = SCENARIOS[name]
    told = TOLD[row]
    shape(desk)

    question = produce(desk, QUESTIONS[language])

    read = desk.paragraphs(question)
    assert 1 == read.count(told.texts[language])
    assert 0 == read.count(told.texts[OTHER[language]])
    apologies = desk.paragraphs(question, "error")
    assert apologies in ([told.texts[language]], [])
    assert apologies or not told.key.startswith("sorry")
    assert [] == desk.paragraphs(question, "placeholder")
    assert [] == desk.spool.keys("ready")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "under"), [("no credit", ("again", "delete")), ("cut at its limit", ("again", "delete", "up", "down"))]
)
def test_what_the_asker_can_do_then(desk: Counter, name: str, under: tuple[str, ...], language: str) -> None:
    """Buttons under an apology, and under an answer that was cut, in the same language."""
    question = SCENARIOS[name][1](desk, QUESTIONS[language])

    words = LANGUAGES[language].buttons
    assert [words[each] for each in under] == buttons(desk.replies(question)[-1])


# the table itself


@pytest.mark.pure
def test_the_table_says_what_the_words_say() -> None:
    """In both languages; the name is that under which the settings know the text."""
    for told in TOLD.values():
        assert {language: by_key(words)[told.key] for language, words in LANGUAGES.items()} == told.texts


@pytest.mark.pure
def test_the_table_has_every_apology_and_notice_and_each_has_a_scenario() -> None:
    """So a text that is added is produced as well."""
    apologies = {key for key in by_key(LANGUAGES["en"]) if key.startswith("sorry")}

    assert apologies | {"cut", "empty", "refused", "late"} == {told.key for told in TOLD.values()}
    assert set(TOLD) == {row for row, _ in SCENARIOS.values()}
    assert 9 == len(refused_in(__doc__ or ""))


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
def test_what_is_ours_alone_is_known_when_it_is_seen(text: str) -> None:
    """Else that no scenario betrays anything would mean nothing."""
    assert betrayals(text)


@pytest.mark.pure
@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_no_fixed_text_betrays_anything(words: Texts) -> None:
    """Not one of them, whether a scenario shows it or not."""
    assert [] == [text for text in by_key(words).values() if betrayals(text)]
