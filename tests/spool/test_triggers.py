"""Jobs that no message of their own asks for: the last part of their keys, their order, their limit, their marks."""

from __future__ import annotations

import pytest

from cocoai.spool.key import Key, is_key
from cocoai.spool.spool import Spool
from tests.spool.rooms import Room

NOW = 1_763_822_100.0
OLD = f"{NOW - 90_000:.6f}"
MESSAGE = Key("C0PRACTICE", OLD, OLD)


@pytest.fixture
def spool(room: Room) -> Spool:
    return room.spool(light_kinds={"limited"}, unmarked_kinds={"translate"}, questions_per_minute=2)


def task(seconds: float, user: str = "U0ASKER", **others: str) -> dict[str, str]:
    """Return the first line of a task about an old message, asked for at this second."""
    return {"kind": "translate", "ts": OLD, "user": user, "text": "", "asked_at": f"{seconds:.6f}"} | others


@pytest.mark.pure
@pytest.mark.parametrize("trigger", ["memo", "translate_ja", "ask_v0123", "+1", "a" * 40])
def test_a_key_with_a_trigger_is_read_as_it_was_written(trigger: str) -> None:
    """It is another key than the message's own, of the same thread."""
    key = MESSAGE._replace(trigger=trigger)

    assert key == Key.parse(str(key))
    assert str(key) == f"{MESSAGE}-{trigger}"
    assert MESSAGE.thread == key.thread
    assert MESSAGE == Key.parse(str(MESSAGE))


@pytest.mark.pure
@pytest.mark.parametrize("trigger", ["", "A", "flag-jp", "a/b", "a.b", "a" * 41, "ü"])
def test_an_odd_trigger_makes_no_key(trigger: str) -> None:
    """Nothing else can become a file's name."""
    assert not is_key(f"{MESSAGE}-{trigger}")


def test_the_first_of_each_kind_wins(spool: Spool) -> None:
    """The message's own question, and a task of another kind, are jobs of their own."""
    keys = [MESSAGE, MESSAGE._replace(trigger="translate_ja"), MESSAGE._replace(trigger="translate_en")]

    is_new = [spool.put(key, task(NOW - n, f"U0PERSON{n}")) for n, key in enumerate((*keys, *keys))]

    assert [True, True, True, False, False, False] == is_new


def test_tasks_of_one_message_have_an_order_that_every_process_sees(room: Room, spool: Spool) -> None:
    """They are of one thread, and of one ts: the trigger decides, whichever was seen first."""
    for trigger in ("translate_ko", "translate_en", "translate_ja"):
        spool.put(MESSAGE._replace(trigger=trigger), task(NOW, f"U0{trigger[-2:].upper()}"))
    other = room.spool()

    first = spool.claim()

    assert first is not None
    assert "translate_en" == first.key.trigger
    assert other.claim() is None


def test_a_task_counts_when_it_is_asked_for(spool: Spool) -> None:
    """Not when its message was written; and one over the limit does not keep others from the same task."""
    triggers = [f"translate_{language}" for language in ("en", "fr", "ja")]
    keys = [MESSAGE._replace(trigger=trigger) for trigger in triggers]

    for n, key in enumerate(keys):
        spool.put(key, task(NOW - 10 + n))
    is_new = spool.put(keys[2], task(NOW, "U0OTHER"))

    limited = spool.peek("ready", MESSAGE._replace(trigger="limited_u0asker"))[0]
    assert ("limited", "rate", 58) == (limited["kind"], limited["why"], limited["seconds"])
    assert is_new
    assert "U0OTHER" == spool.peek("ready", keys[2])[0]["user"]


def test_a_task_makes_no_thread_ours(room: Room, spool: Spool) -> None:
    """Neither as it is put, nor as it ends, nor at the next start: nobody has begun to talk with us."""
    spool.put(MESSAGE._replace(trigger="translate_ja"), task(NOW))
    put = spool.mark_of("C0PRACTICE", OLD)

    job = spool.claim()
    assert job is not None
    spool.finish(job)

    assert put is None
    spool.begin()
    assert spool.mark_of("C0PRACTICE", OLD) is None
