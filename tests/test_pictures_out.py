"""Pictures out, through a whole deployment: nginx, the pool, a practice Slack that shows files late, and OpenAI's."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_picture import practice_picture
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import LANGUAGES
from tests.charges import charges
from tests.deployment import Deployment, deploy
from tests.processes import wait_until
from tests.test_controls import ended, press

FLARE = "gpt-image-2.6-flare"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment that draws, for all tests of this module."""
    with deploy(tmp_path_factory.mktemp("house"), certificates, COCOAI_IMAGES_USE="on") as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


def shown(message: Message) -> str:
    """Return the text of a message as people read it."""
    return html.unescape(message.text)


@pytest.mark.parametrize(
    ("language", "order", "anew"),
    [
        ("en", "draw a cat on the moon", "redraw: at night"),
        ("ja", "月の上の猫の絵を描いて", "描き直して: 夜にして"),
    ],
)
def test_a_picture_and_another_made_from_it(deployment: Deployment, language: str, order: str, anew: str) -> None:
    """Each stands in the thread, whole, with the words of its reply; and neither is taken for a question."""
    texts = LANGUAGES[language]
    before = len(deployment.openai.requests)
    question = deployment.ask(order)
    first = ended(deployment, question)
    again = deployment.ask(anew, thread_ts=question.ts)
    second = ended(deployment, again)

    one, two = deployment.pictures(question)
    prompt = anew.partition(": ")[2]
    assert practice_picture("jpeg", 1536, 1024, order) == one.data
    assert practice_picture("jpeg", 1536, 1024, prompt) == two.data
    drawing, edit = deployment.openai.requests[before:]
    assert ["/v1/images/generations", "/v1/images/edits"] == [drawing.path, edit.path]
    assert [len(one.data)] == [each.size for each in edit.attached]
    assert [texts.pictures["drawn"].format(prompt=each, model=FLARE) for each in (order, prompt)] == [
        shown(first),
        shown(second),
    ]
    wait_until(lambda: not list((deployment.var / "spool" / "files").iterdir()))


def test_a_person_is_told_in_words_what_went_wrong(deployment: Deployment) -> None:
    """The safety check's refusal is no riddle, and is not tried again."""
    before = len(deployment.openai.requests)
    question = deployment.ask("draw something forbidden")
    reply = ended(deployment, question)

    assert LANGUAGES["en"].sorry["picture_refused"] == shown(reply)
    assert before + 1 == len(deployment.openai.requests)


def test_a_stop_ends_the_wait_for_a_picture(deployment: Deployment) -> None:
    """The process is woken while nothing comes; the picture may be paid, so its hold is."""
    deployment.openai.switches.picture_delay = 60.0
    before = len(deployment.openai.requests)
    question = deployment.ask("draw a cat")
    wait_until(lambda: len(deployment.openai.requests) > before)
    deployment.openai.switches.picture_delay = 0.0
    (placeholder,) = deployment.replies(question)
    press(deployment, placeholder, "stop")
    reply = ended(deployment, question)

    assert LANGUAGES["en"].stopped == shown(reply)
    assert [] == deployment.pictures(question)


def test_a_reply_is_deleted_with_its_picture(deployment: Deployment) -> None:
    """Neither the message nor the file stays."""
    question = deployment.ask("draw a dog")
    reply = ended(deployment, question)
    press(deployment, reply, "delete")
    wait_until(lambda: not deployment.replies(question))

    wait_until(lambda: not deployment.pictures(question))


def test_the_books_are_right(deployment: Deployment) -> None:
    """What the practice OpenAI has billed is what the ledger has; of what was refused or stopped it has no less."""
    from cocoai import config
    from cocoai.connections import books_of

    books = books_of(config.read(str(deployment.var / "cocoai.ini"), {}))
    found = list(zip(charges(books), deployment.openai.bills, strict=True))

    assert {"priced", "estimated", "lost"} == {charge.how for charge, _ in found}
    assert all(charge.spent == bill.nano_dollars for charge, bill in found if charge.how == "priced")
    assert all((charge.spent or 0) >= bill.nano_dollars for charge, bill in found)
