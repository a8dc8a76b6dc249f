"""slack/api/thread_upload.py: a file stands once in its thread, wherever a run is killed and however late Slack is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.slack.api.thread_upload import PATIENCE, Begun, InThread, Place
from tests.slack.api.upload_world import CHANNEL, COMPLETE, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
NEVER = 10_000.0


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


@pytest.mark.parametrize("told", ["no threads", "nothing"])
@pytest.mark.parametrize(("channel", "in_thread"), [(CHANNEL, True), ("D0PRACTICE", False)])
def test_the_thread_has_the_last_word(new_world: New, told: Any, channel: str, in_thread: bool) -> None:
    """A picture that stands there is not deleted, though files.info does not tell of it, or not of its thread."""
    world = new_world(3.0)
    world.slack.switches.shares_told = told
    world.place = Place(channel, world.place.thread_ts if in_thread else "")
    found = world.run()
    shown = [message.ts for message in world.slack.messages(channel) if message.files]

    assert [found.ts] == shown
    assert (["ok"], []) == (world.outcomes(COMPLETE), world.outcomes("files.delete"))


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


@pytest.mark.long
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
