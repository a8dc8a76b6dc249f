"""slack/api/thread_upload.py: a file stands in its thread once, wherever a process is killed and however late Slack is.

Time is a number here: Slack shows a file so many seconds after its last step, by the clock that the client sleeps on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cocoai.engine.client.direct import DirectClient
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import PATIENCE, Begun, InThread, OutgoingFile, Place, bring_file

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CHANNEL = "C0PRACTICE"
COMPLETE = "files.completeUploadExternal"
NEVER = 10_000.0
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: no request here is over TLS."""


class Killed(BaseException):
    """The process is killed here."""


class World:
    """A practice Slack with a clock of its own, one picture for one thread, and the runs that bring it there.

    `lateness` is in seconds. A run is killed at its `kill_at`-th point: before and after each request and each record.
    """

    def __init__(self, path: Path, lateness: float) -> None:
        self.now = 1_000_000.0
        self.lateness = lateness
        self.slack = PracticeSlack(switches=SlackSwitches(share_delay=None), clock=lambda: self.now)
        self.file = OutgoingFile(str(path), "cat.png", "A cat", "A grey cat")
        self.place = Place(CHANNEL, self.slack.say("U0ASKER01", "draw a cat").ts)
        self.recorded: Begun | None = None
        self.keeps = True
        self.point = 0
        self.kill_at = 0
        self._due: list[float] = []

    def run(self, kill_at: int = 0) -> InThread:
        """Bring the picture into the thread in a new process, which is killed at that point (0: never)."""
        self.point, self.kill_at = 0, kill_at
        client = Client(self)
        chat = SlackChat(client, api_url=self.slack.api_url, token=TOKEN, sleep=self.sleep, patience=0.0)
        try:
            return bring_file(
                chat,
                self.file,
                self.place,
                self.recorded,
                self.record,
                clock=lambda: self.now,
                sleep=self.sleep,
            )
        finally:
            client.close()

    def killed(self, kill_at: int) -> bool:
        """Run, and be killed at that point; return False if the run had ended before."""
        try:
            self.run(kill_at)
        except Killed:
            self.sleep(1.0)
            return True
        return False

    def pass_point(self) -> None:
        """Go past a point, or be killed at it."""
        self.point += 1
        if self.point == self.kill_at:
            raise Killed

    def record(self, begun: Begun) -> bool:
        """Keep how far the picture has come."""
        self.pass_point()
        if self.keeps:
            self.recorded = begun
        self.pass_point()
        return self.keeps

    def completed(self) -> None:
        """Take note that Slack has taken a last step: the file is due."""
        self._due = sorted([*self._due, self.now + self.lateness])

    def sleep(self, seconds: float) -> None:
        """Let time pass; what is due is shown by then, each at its time."""
        end = self.now + seconds
        while self._due and self._due[0] <= end:
            self.now = max(self.now, self._due.pop(0))
            self.slack.show_uploads(1)
        self.now = end

    def pictures(self) -> list[str]:
        """Return the ts of each message in the channel that shows a picture, once all that was due has been shown."""
        self.sleep(300.0)
        shown = [each for each in self.slack.messages() if any(not file.is_deleted for file in each.files)]
        assert {self.place.thread_ts} >= {each.thread_ts for each in shown}
        return [each.ts for each in shown]

    def outcomes(self, method: str) -> list[str]:
        """Return how the calls of a method have ended."""
        return [call.outcome for call in self.slack.calls if call.method == method]


class Client(DirectClient):
    """A client of one process of the world."""

    def __init__(self, world: World) -> None:
        super().__init__(PLAIN)
        self._world = world

    def post(self, url: str, *rest: Any) -> Any:
        """Send a request, unless killed before it, or behind it."""
        return self._sent(super().post, url, *rest)

    def post_file(self, url: str, *rest: Any) -> Any:
        """Send a request as `post` does."""
        return self._sent(super().post_file, url, *rest)

    def _sent(self, send: Callable[..., Any], url: str, *rest: Any) -> Any:
        self._world.pass_point()
        before = len([each for each in self._world.outcomes(COMPLETE) if each in ("ok", "reply lost")])
        try:
            return send(url, *rest)
        finally:
            if len([each for each in self._world.outcomes(COMPLETE) if each in ("ok", "reply lost")]) > before:
                self._world.completed()
            self._world.pass_point()


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[[float], World]]:
    """Return what makes a world in which Slack is so many seconds late."""
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    worlds: list[World] = []

    def make(lateness: float) -> World:
        worlds.append(World(path, lateness))
        worlds[-1].slack.start()
        return worlds[-1]

    yield make
    for world in worlds:
        world.slack.stop()


New = Callable[[float], World]


def failed(world: World) -> CocoAIError:
    """Return the error with which a run ends."""
    with pytest.raises(CocoAIError) as caught:
        world.run()
    return caught.value


# Without a kill


@pytest.mark.parametrize("lateness", [0.0, 4.0, 50.0])
def test_a_file_is_brought(new_world: New, lateness: float) -> None:
    """The message is returned once it is there; the last step was recorded before, and asked for once."""
    world = new_world(lateness)
    found = world.run()
    (message,) = world.slack.thread(CHANNEL, world.place.thread_ts)[1:]

    assert Begun(found.file_id) == world.recorded
    assert (found, PNG, "cat.png") == (
        InThread(message.files[0].id, message.ts),
        message.files[0].data,
        message.files[0].name,
    )
    assert ["ok"] == world.outcomes(COMPLETE)


def test_a_file_is_brought_into_a_box(new_world: New) -> None:
    """In a direct message's own box a file stands in no thread."""
    world = new_world(1.0)
    world.place = Place("D0PRACTICE", "")
    found = world.run()

    assert [(found.ts, None)] == [(message.ts, message.thread_ts) for message in world.slack.messages("D0PRACTICE")]


def test_a_later_run_takes_what_is_there(new_world: New) -> None:
    """If the caller could not record the message, the next run returns the same; nothing is uploaded again."""
    world = new_world(2.0)
    found = world.run()

    assert found == world.run()
    assert ["ok"] == world.outcomes("upload") == world.outcomes(COMPLETE)


def test_a_file_that_is_never_shown(new_world: New) -> None:
    """It is begun anew once, each file is deleted after its time, and then it is given up."""
    world = new_world(NEVER)
    began = world.now
    error = failed(world)

    assert (Permanent, "not_shared") == (type(error), error.code)
    assert ["ok", "ok"] == world.outcomes("files.delete") == world.outcomes(COMPLETE)
    assert 2 * PATIENCE <= world.now - began < 2 * PATIENCE + 5
    assert [] == world.pictures()


def test_a_file_that_is_begun_anew(new_world: New) -> None:
    """The new one is shown under a new id; the first has gone, and stays away."""
    world = new_world(PATIENCE + 5)
    before = world.sleep

    def recover(seconds: float) -> None:
        before(seconds)
        world.lateness = 1.0

    world.sleep = recover  # type: ignore[method-assign]
    found = world.run()

    assert Begun(found.file_id, n=2) == world.recorded
    assert [found.ts] == world.pictures()


def test_files_are_counted_over_all_runs(new_world: New) -> None:
    """Where an earlier run has come to the last file that may be begun, and that is gone, no further one is begun."""
    world = new_world(0.0)
    world.recorded = Begun("F0NOTHING", n=2)

    assert ("not_shared", []) == (failed(world).code, world.outcomes("upload"))


def test_nothing_is_shown_that_cannot_be_recorded(new_world: New) -> None:
    """Without the fact a later run would show the file once more: so the last step is left out."""
    world = new_world(0.0)
    world.keeps = False
    error = failed(world)

    assert (Temporary, "not_recorded", []) == (type(error), error.code, world.outcomes(COMPLETE))


@pytest.mark.parametrize("lateness", [0.0, 4.0])
def test_a_thread_that_is_gone(new_world: New, lateness: float) -> None:
    """What Slack puts into the channel instead is taken away again, message and file."""
    world = new_world(lateness)
    world.slack.delete(CHANNEL, world.place.thread_ts)
    error = failed(world)

    assert (Permanent, "thread_not_found") == (type(error), error.code)
    assert () == world.slack.messages()
    assert all(file.is_deleted for file in world.slack.workspace.files.values())


def test_a_place_that_is_refused(new_world: New) -> None:
    """The first refusal of the last step is final."""
    world = new_world(0.0)
    world.place = Place("C0OUTSIDE", "")

    assert "not_in_channel" == failed(world).code


def test_a_missing_scope(new_world: New) -> None:
    """Without files:write nothing is recorded."""
    world = new_world(0.0)
    world.slack.switches.scopes = SCOPES - {"files:write"}

    assert ("missing_scope:files:write", None) == (failed(world).code, world.recorded)


def test_a_picture_that_somebody_deletes_at_once(new_world: New) -> None:
    """A file that is deleted while it is waited for is not begun anew by this run."""
    world = new_world(NEVER)
    before = world.sleep

    def delete(seconds: float) -> None:
        before(seconds)
        assert world.recorded
        with suppress(KeyError):
            world.slack.delete_file(world.recorded.file_id)

    world.sleep = delete  # type: ignore[method-assign]

    assert "file_deleted" == failed(world).code
    assert ["ok"] == world.outcomes(COMPLETE)


# Trouble at the last step, whose effect is unknown


@pytest.mark.parametrize("second", ["refused", "shown"])
@pytest.mark.parametrize("lateness", [0.0, 4.0, 20.0])
@pytest.mark.parametrize("kind", ["broken", "gone", "reply lost", "limited"])
def test_trouble_at_the_last_step(new_world: New, kind: Any, lateness: float, second: Any) -> None:
    """The run ends with `Temporary`, and the next one ends with one picture, whether Slack had done its work or not."""
    world = new_world(lateness)
    world.slack.switches.second_share = second
    world.slack.fail(COMPLETE, SlackFault(kind))
    assert isinstance(failed(world), Temporary)
    world.sleep(5.0)
    found = world.run()

    assert [found.ts] == world.pictures()
    assert 1 == len(world.outcomes("upload"))


@pytest.mark.parametrize("kind", ["broken", "gone", "limited"])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload", "files.info"])
def test_trouble_at_another_step(new_world: New, method: str, kind: Any) -> None:
    """The run ends with `Temporary`, and the next one ends with one picture, for which Slack was asked once."""
    world = new_world(1.0)
    world.slack.fail(method, SlackFault(kind))
    assert isinstance(failed(world), Temporary)
    world.sleep(5.0)
    found = world.run()

    assert [found.ts] == world.pictures()
    assert ["ok"] == world.outcomes(COMPLETE)


# Killed


@pytest.mark.parametrize("second", ["refused", "shown"])
@pytest.mark.parametrize("lateness", [0.0, 2.5, 20.0])
def test_a_kill_at_each_point(new_world: New, lateness: float, second: Any) -> None:
    """Wherever a run is killed, the next one ends with one picture in the thread, the one that it returns."""
    for kill_at in range(1, 100):
        world = new_world(lateness)
        world.slack.switches.second_share = second
        if not world.killed(kill_at):
            break
        found = world.run()

        assert [found.ts] == world.pictures(), kill_at
    assert kill_at > 10


@pytest.mark.parametrize("second", ["refused", "shown"])
@pytest.mark.parametrize("first", [6, 7, 8], ids=["before the last step", "as it is taken", "behind it"])
def test_a_second_kill_at_each_point(new_world: New, first: int, second: Any) -> None:
    """A run that had to make up for a killed one is killed too: the third ends with one picture."""
    for kill_at in range(1, 100):
        world = new_world(4.0)
        world.slack.switches.second_share = second
        assert world.killed(first)
        if not world.killed(kill_at):
            break
        found = world.run()

        assert [found.ts] == world.pictures(), kill_at
    assert kill_at > 10


def test_many_kills(new_world: New) -> None:
    """A run is killed again and again behind its first request for the last step, and each asks once more."""
    world = new_world(30.0)
    world.slack.switches.second_share = "shown"
    world.killed(8)
    for asked in (2, 3, 4):
        while world.recorded and world.recorded.asked < asked:
            world.killed(12)
    found = world.run()

    assert [found.ts] == world.pictures()
