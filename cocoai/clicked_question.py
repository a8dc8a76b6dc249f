"""Tell which question stands behind a click, and which one a click on *Ask again* or *Go on* asks."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Kind, Question
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import NoSuchJob


def find_question(spool: Spool, key: Key) -> Question | None:
    """Return the question with this key, whatever the state of its job. Raise StoreError if the disk fails.

    Return None if there is no such job, as it was swept, or if its first line is no question that can be understood.
    """
    try:
        _, lines = spool.find(key)
        return Question.from_facts(lines[0])
    except NoSuchJob:
        return None
    except (IndexError, KeyError, TypeError):  # another version, or another program, has written it
        return None


def may_be_shared(spool: Spool, key: Key) -> bool:
    """Check whether the channel of the question with this key may be shared with another organisation.

    True if the question is no longer kept. Raise StoreError if the disk fails.
    """
    question = find_question(spool, key)
    return question is None or question.may_be_shared


def repeat_question(click: Click, original: Question | None) -> Question:
    """Return the question that a click on *Ask again* or *Go on* asks: the original's text and files, the click's user.

    `original` is None if it is no longer known: the text is then empty, and is read from the thread later. `again` is
    the ts of the message that is asked once more, the first one if the original was a repeated question itself. The
    rest of an answer that is asked for once more is that rest again.
    """
    key = Key.parse(click.key)
    known = original or Question("again", key.channel, key.thread_ts, key.ts, "", "", "", "", 0)
    # What is about a message is done once more, for whoever has clicked: where that is, we can write.
    is_task = known.is_about_message and click.action == "again"
    return replace(
        known,
        kind=known.kind if is_task else cast(Kind, click.action),
        asked_at=click.ts if is_task else "",
        response_url="",
        ts=click.ts,
        user=click.user,
        team=click.team,
        event_id="",
        client_msg_id="",  # a question of its own, no second copy of the first
        event_time=int(click.ts.partition(".")[0]),
        again=known.again or key.ts,  # a repeated question means the first one: no message has a click's time
        reply="" if known.text else click.reply,
        continues=click.key if click.action == "continue" else known.continues,
    )
