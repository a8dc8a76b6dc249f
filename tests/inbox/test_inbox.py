"""What Slack hears while the store cannot be reached, and what comes of it when it is back."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cocoai.engine.process import locks
from cocoai.inbox import forwarding, inbox
from cocoai.inbox.inbox import Inbox, InboxState
from cocoai.slack_handlers import EVENTS, inbox_of, inbox_tasks
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from tests.inbox.stage import DistantSpool, Stage, settings_of, thread_key, ts
from tests.slack_payloads import click, envelope, home_event, mention_event, shortcut, submission, user


class FullDisk(Disk):
    """A disk on which nothing can be written while it `is_full`."""

    is_full = False

    def append(self, fd: int, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(fd, data)


# what Slack hears


def test_an_event_is_accepted_and_taken_in_when_the_store_is_back(stage: Stage) -> None:
    """With the time of its receipt: its signature is older than five minutes by then."""
    assert 200 == stage.mention(1)
    assert (1, []) == (stage.waiting(), stage.ready())

    stage.return_and_forward()

    assert (0, ["1"]) == (stage.waiting(), stage.texts())
    assert 1 == stage.runner.wake_ups


def test_while_the_store_is_away_everything_stays(stage: Stage) -> None:
    """One try asks the store once, however much waits; the next one begins with the oldest again."""
    for second in range(1, 6):
        stage.mention(second)
    stage.spool.asked = 0

    stage.forwarding.run()

    assert (5, 1) == (stage.waiting(), stage.spool.asked)


def test_what_comes_while_something_waits_comes_behind_it(stage: Stage) -> None:
    """Though the store is back: a thread's questions are not overtaken. Workers do not even ask the store."""
    stage.mention(1)
    stage.spool.is_away, stage.spool.asked = False, 0

    assert 200 == stage.mention(2, thread_ts=ts(1))

    assert (2, [], 0) == (stage.waiting(), stage.ready(), stage.spool.asked)
    stage.return_and_forward()
    assert ["1", "2"] == stage.texts()
    assert 200 == stage.mention(3)
    assert (0, ["1", "2", "3"]) == (stage.waiting(), stage.texts())


def test_a_follow_up_is_decided_when_its_thread_is_known(stage: Stage) -> None:
    """Its mention waits too, so that nobody could tell; a line of another thread is no question then either."""
    stage.mention(1)
    stage.spool.is_away = False  # the store is back, but knows nothing of the thread

    assert [200, 200] == [
        stage.line(2, "And then?", user="U0ASKER01"),
        stage.line(3, "And then?", thread_ts="1.000100"),
    ]

    stage.return_and_forward()
    assert (0, ["1", "And then?"]) == (stage.waiting(), stage.texts())


def test_what_needs_no_store_is_answered_at_once(stage: Stage) -> None:
    """A challenge has its text, what is ignored its 200, and a forged request its 401: nothing is kept."""
    stage.mention(1)
    challenge = stage.call(EVENTS, json.dumps({"type": "url_verification", "challenge": "abc"}).encode())
    ignored = stage.event(envelope(mention_event(bot_id="B0OTHER")))
    stale = stage.call(EVENTS, json.dumps(envelope(mention_event())).encode(), signed_at=1.0)

    assert (200, b"abc") == (challenge.status, challenge.body)
    assert (200, 401) == (ignored, stale.status)
    assert 1 == stage.waiting()


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (click("up", thread_key(1)), "up"),
        (click("delete", thread_key(1)), "delete"),
        (click("again", thread_key(1)), "again"),
        (shortcut("translate"), "translate"),
    ],
)
def test_a_late_click_is_of_use(stage: Stage, payload: Any, kind: str) -> None:
    """What somebody has clicked or chosen becomes a job, once, also if Slack's request is replayed."""
    assert [200, 200] == [stage.interaction(payload).status for _ in range(2)]
    assert 2 == stage.waiting()

    stage.return_and_forward()

    assert (0, 1) == (stage.waiting(), len(stage.ready()))
    assert kind in json.dumps(stage.ready())


def test_a_late_stop_stops_what_still_waits(stage: Stage) -> None:
    """It ends a question that was put off, as the store was away."""
    stage.spool.is_away = False
    stage.mention(1)
    stage.spool.is_away = True

    assert 200 == stage.interaction(click("stop", thread_key(1))).status
    assert 1 == stage.waiting()

    stage.return_and_forward()
    assert ("U0ASKER01",) == stage.spool.stop_requesters(stage.spool.keys("ready")[0])


def test_a_command_and_a_look_at_home_wait_too(stage: Stage) -> None:
    """Each has its job when the store is back."""
    assert (200, 200) == (stage.command("usage"), stage.event(envelope(home_event())))

    stage.return_and_forward()

    assert {"command", "home"} == {facts["kind"] for facts in stage.ready()}


def test_a_form_does_not_wait(stage: Stage) -> None:
    """It is opened at once; one that is sent off stays open with its words, by a 503."""
    opened = stage.interaction(shortcut("ask"))
    sent_off = stage.interaction(submission("Why?"))

    assert (200, 503) == (opened.status, sent_off.status)
    assert 1 == len(stage.forms.opened)
    assert 0 == stage.waiting()
    stage.mention(1)
    stage.spool.is_away = False
    assert 503 == stage.interaction(submission("Why?")).status
    assert 1 == stage.waiting()


def test_a_click_that_turns_out_not_to_be_allowed_is_done_with(stage: Stage) -> None:
    """It can be told nobody any more. It is no request that could not be taken in."""
    stage.mention(1)
    stage.interaction(click("up", thread_key(1)))
    settings = settings_of(stage.var)
    stage.build(replace(settings, slack=replace(settings.slack, allow_users=frozenset({"U0OTHER01"}))))

    stage.return_and_forward()

    assert InboxState(0, 0, 0.0, 0) == stage.inbox.state()


def test_without_an_inbox_slack_hears_503(stage: Stage) -> None:
    """As for every store that fails."""
    stage.served = stage.handlers.served(None, None)

    assert 503 == stage.mention(1)
    assert 503 == stage.interaction(click("up", thread_key(1), user=user())).status


# the inbox's own disk


def test_a_full_disk_is_told_by_503(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is left behind, and Slack's next try is kept."""
    disk = FullDisk()
    stage = Stage(tmp_path, disk)
    stage.spool.is_away = disk.is_full = True

    assert 503 == stage.mention(1)

    assert "outcome=not-kept" in caplog.text
    assert ([], 0) == (os.listdir(tmp_path / "inbox/tmp"), stage.waiting())
    disk.is_full = False
    assert 200 == stage.mention(1)


def test_a_disk_that_cannot_tell_whether_something_waits_is_told_by_503(stage: Stage) -> None:
    """What comes now might overtake what waits, though the store is there."""
    stage.spool.is_away = False
    os.rename(stage.var / "inbox/waiting", stage.var / "inbox/elsewhere")

    assert 503 == stage.mention(1)
    assert 503 == stage.line(2, "And then?")
    assert stage.forwarding.is_wanted()
    stage.forwarding.run()  # which says so in the log
    assert [] == stage.ready()


@pytest.mark.parametrize("every", [0.0, 1000.0])
@pytest.mark.parametrize(("limit", "most"), [("MOST_REQUESTS", 3), ("MOST_BYTES", 2500)])
def test_a_full_inbox_is_told_by_503(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, every: float
) -> None:
    """There is a bound on how many requests wait, and on how many bytes; what waits stays."""
    monkeypatch.setattr(inbox, "COUNT_EVERY", every)
    monkeypatch.setattr(inbox, limit, most)

    heard = [stage.mention(second) for second in range(1, 9)]

    kept = heard.count(200)
    assert 1 < kept < 8
    assert [200] * kept + [503] * (8 - kept) == heard
    assert kept == stage.waiting()
    assert stage.inbox.state().size <= most or limit == "MOST_REQUESTS"
    stage.return_and_forward()
    assert kept == len(stage.ready())


def test_the_state_tells_how_much_waits_and_since_when(stage: Stage) -> None:
    """All zeros where there is no inbox."""
    stage.mention(1)
    since = stage.now
    stage.mention(2)

    state = stage.inbox.state()

    assert (2, since, 0) == (state.waiting, state.since, state.failed)
    files = (stage.var / "inbox/waiting").iterdir()
    assert sum(file.stat().st_size for file in files) == state.size
    assert InboxState(0, 0, 0.0, 0) == Inbox(str(stage.var / "none")).state()


def test_only_what_is_needed_of_the_headers_is_kept_for_this_user_alone(stage: Stage) -> None:
    """Files are 0600, folders 0700."""
    stage.mention(1)

    (file,) = (stage.var / "inbox/waiting").iterdir()

    assert b"x-slack-signature" in file.read_bytes()
    assert b"retry" not in file.read_bytes()
    assert (0o600, 0o700) == (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777)


def test_names_that_are_not_ours_are_left_alone(stage: Stage) -> None:
    """They count as nothing that waits."""
    (stage.var / "inbox/waiting/notes.txt").write_text("?")
    stage.spool.is_away = False

    assert 200 == stage.mention(1)
    assert ["1"] == stage.texts()


def test_the_sweep_removes_rubbish_and_old_failures(stage: Stage) -> None:
    """What waits is never swept, however old it is."""
    stage.mention(1)
    for folder in ("tmp", "failed"):
        (stage.var / "inbox" / folder / "old").write_bytes(b"")
        (stage.var / "inbox" / folder / "new").write_bytes(b"")
    stage.now += 31 * 86400
    for folder, age in (("tmp", 3500), ("failed", 6 * 86400)):
        os.utime(stage.var / "inbox" / folder / "new", (stage.now - age,) * 2)
        os.utime(stage.var / "inbox" / folder / "old", (stage.now - 8 * 86400,) * 2)

    stage.inbox.sweep()

    assert (["new"], ["new"]) == tuple(os.listdir(stage.var / "inbox" / folder) for folder in ("tmp", "failed"))
    assert 1 == stage.waiting()


# what cannot be taken in


def test_a_damaged_file_is_set_aside_behind_the_others(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The log names it, and nothing waits for it."""
    stage.mention(1)
    stage.mention(2)
    first = stage.inbox.names()[0]
    path = stage.var / "inbox/waiting" / first
    path.write_bytes(path.read_bytes()[:-1])

    stage.return_and_forward()

    assert ["2"] == stage.texts()
    assert ([first], 0) == (os.listdir(stage.var / "inbox/failed"), stage.waiting())
    assert f"request={first} outcome=set-aside" in caplog.text


@pytest.mark.parametrize("data", [b"", b"[]\n", b"{}\n", b'{"at": "x"}\n', b"\0\0\0", b"[" * 100_000])
def test_a_file_that_holds_anything_is_set_aside(stage: Stage, data: bytes) -> None:
    """Whatever a damaged disk has left there."""
    stage.mention(1)
    (stage.var / "inbox/waiting" / stage.inbox.names()[0]).write_bytes(data)

    stage.return_and_forward()

    assert InboxState(0, 0, 0.0, 1) == stage.inbox.state()


def test_a_request_that_was_changed_is_not_taken_in(stage: Stage) -> None:
    """Slack's signature is looked at again, as at the time of receipt. Moved back as it was, it is taken in."""
    stage.mention(1)
    path = stage.var / "inbox/waiting" / stage.inbox.names()[0]
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"U0ASKER01", b"U0BOSS001"))

    stage.return_and_forward()
    assert InboxState(0, 0, 0.0, 1) == stage.inbox.state()
    (aside,) = (stage.var / "inbox/failed").iterdir()
    aside.unlink()
    path.write_bytes(whole)
    stage.forwarding.run()

    assert ["1"] == stage.texts()


def test_a_store_that_takes_nothing_now_is_asked_again(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Its disk may be full: what waits is set aside only after three days, and only a few are tried each time."""
    for second in range(1, 31):
        stage.mention(second)
    stage.spool.is_away, stage.spool.is_full, stage.spool.asked = False, True, 0

    stage.forwarding.run()

    assert InboxState(30, 0, 0.0, 0)[0::3] == stage.inbox.state()[0::3]
    assert 2 * forwarding.MOST_FAILURES == stage.spool.asked
    assert "outcome=set-aside" not in caplog.text
    stage.spool.is_full = False
    stage.return_and_forward()
    assert [str(second) for second in range(1, 31)] == stage.texts()


def test_what_the_store_refuses_for_three_days_is_set_aside(stage: Stage) -> None:
    """So that one request cannot keep all others in the inbox for ever."""
    stage.mention(1)
    stage.spool.is_full = True
    stage.now += forwarding.PATIENCE

    stage.return_and_forward()

    assert InboxState(0, 0, 0.0, 1) == stage.inbox.state()


def test_a_handler_that_breaks_holds_up_nobody(stage: Stage) -> None:
    """Whatever it raises, the others are taken in, and it is set aside."""
    stage.mention(1)
    stage.command()
    stage.spool.is_away = False
    handlers = stage.handlers.taking_in()

    def broken(*_: object) -> Any:
        raise RecursionError

    broken_one = forwarding.Forwarding(
        stage.inbox, lambda: {**handlers, EVENTS: broken}, str(stage.var), clock=stage.clock
    )
    broken_one.run()

    assert ["command"] == [facts["kind"] for facts in stage.ready()]
    assert InboxState(0, 0, 0.0, 1) == stage.inbox.state()


# who forwards


def test_one_process_forwards_at_a_time(stage: Stage) -> None:
    """Another one leaves it alone, and takes its turn once the first has ended."""
    stage.mention(1)
    lock = locks.take(str(stage.var / "inbox.lock"))
    assert lock is not None

    stage.return_and_forward()

    assert (1, []) == (stage.waiting(), stage.ready())
    lock.release()
    stage.forwarding.run()
    assert ["1"] == stage.texts()


def test_what_comes_while_it_forwards_is_forwarded_at_once(stage: Stage) -> None:
    """Or workers would never ask the store again while people write all the time."""
    stage.mention(1)
    put, seconds = stage.runner.wake, iter((2, 3))

    def wake() -> None:
        put()
        for second in seconds:
            stage.mention(second)

    stage.runner.wake = wake  # type: ignore[method-assign]

    stage.return_and_forward()

    assert (["1", "2", "3"], 0) == (stage.texts(), stage.waiting())


def test_the_task_is_due_while_something_waits(stage: Stage) -> None:
    """The master's tick asks the folder, not the store."""
    task, _ = inbox_tasks(stage.inbox, lambda: stage.handlers, str(stage.var))
    before = task.is_due()
    stage.mention(1)
    stage.spool.asked = 0

    assert (False, True, 0) == (before, task.is_due(), stage.spool.asked)


def test_what_is_answered_meanwhile_is_not_answered_again(stage: Stage) -> None:
    """Slack had sent it to another machine, too: the store knows it."""
    stage.mention(1)
    stage.spool.is_away = False
    other = Stage(stage.var / "other")
    other.handlers = replace(stage.handlers)
    other.served = stage.handlers.served(None, other.inbox)
    other.mention(1)
    job = stage.spool.claim()
    assert job is not None
    stage.spool.finish(job)

    stage.return_and_forward()

    assert ([], 1, 0) == (stage.ready(), len(stage.spool.keys("done")), stage.waiting())


def test_where_jobs_lie_in_files_there_is_no_inbox(tmp_path: Path) -> None:
    """No folder is made, and no task; where they lie elsewhere there are both."""
    assert inbox_of(FileSpool(str(tmp_path)), str(tmp_path)) is None
    assert inbox_of(DistantSpool(str(tmp_path)), str(tmp_path)) is None
    assert [] == inbox_tasks(None, lambda: pytest.fail("nothing is built"), str(tmp_path))
    assert [] == os.listdir(tmp_path)

    assert inbox_of(cast(Spool, object()), str(tmp_path)) is not None
    assert {"tmp", "waiting", "failed"} == set(os.listdir(tmp_path / "inbox"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The pool does not start with an inbox that keeps nothing."""
    (tmp_path / "inbox").write_text("")

    with pytest.raises(StoreError):
        inbox_of(cast(Spool, object()), str(tmp_path))
