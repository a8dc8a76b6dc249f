"""The power is cut, or a process killed, at every step of an inbox: nothing accepted is lost, nothing is done twice.

The disk is the one of the crash tests, which forgets whatever was not fsynced; the store is another machine's, and
forgets nothing.
"""

from __future__ import annotations

import unittest.mock
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.inbox.forwarding import Forwarding
from cocoai.inbox.inbox import Inbox, KeptRequest
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.store_error import StoreError
from tests.crash.disk import SimulatedDisk
from tests.crash.power import Bound, DiskImage, blank
from tests.inbox.stage import Stage, ts
from tests.killed import is_killed_at

VAR = "/nowhere/var"
BOUND = Bound(newest=9, tears=3)
BODIES = (b"first", b"second\n\0", b"third")


class PowerCut(BaseException):
    """Ends everything: no process takes a step any more."""


class Machine:
    """A machine whose power goes before step `cut` (from 1); then `images` are the disks that this may leave."""

    def __init__(self, image: DiskImage, cut: int, make: type[Inbox] = Inbox) -> None:
        self.images: list[DiskImage] = []
        self._left = cut
        self.disk = SimulatedDisk(image, clock=lambda: 1.0, step=self.step, own_step=self.step)
        self.inbox = make(VAR, disk=self.disk)

    def step(self, _: str = "") -> None:
        self._left -= 1
        if self._left == 0:
            self.images = list(self.disk.after_power_cut(BOUND))
        if self._left <= 0:
            raise PowerCut


def started(make: type[Inbox] = Inbox) -> DiskImage:
    """Return the only disk that a power cut may leave behind a machine's start."""
    machine = Machine(blank("/nowhere"), 0, make)
    machine._left = 10**6
    machine.disk.make_folder(VAR)
    machine.disk.fsync_folder("/nowhere")
    machine.inbox.make_folders()
    return _only(machine)


def _only(machine: Machine) -> DiskImage:
    images = set(machine.disk.after_power_cut(BOUND))
    assert 1 == len(images)
    return images.pop()


def kept(inbox: Inbox) -> list[bytes]:
    """Return the bodies of what waits, in its order. Raise ValueError if anything is not whole."""
    return [inbox.read(name).request.body for name in inbox.names()]


def with_all(image: DiskImage, make: type[Inbox] = Inbox) -> DiskImage:
    """Return that disk once BODIES were kept on it, a second after each other."""
    machine = Machine(image, 10**6, make)
    for at, body in enumerate(BODIES, 1):
        machine.inbox.keep(Request("POST", "/x", {}, body), float(at))
    return _only(machine)


def cuts_while_keeping(make: type[Inbox]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Cut the power at each step of a start and of three requests; yield what was accepted, and what is there then.

    What is there is `[None]` if it cannot be read.
    """
    for cut in range(1, 200):
        machine, accepted = Machine(blank("/nowhere"), cut, make), []
        try:
            machine.disk.make_folder(VAR)
            machine.disk.fsync_folder("/nowhere")
            machine.inbox.make_folders()
            for at, body in enumerate(BODIES, 1):
                machine.inbox.keep(Request("POST", "/x", {}, body), float(at))
                accepted.append(body)
        except PowerCut:
            for image in machine.images:
                yield accepted, found_on(image)
        else:
            assert cut > 20
            return


def found_on(image: DiskImage) -> list[bytes]:
    """Start a machine on this disk; return what waits there: [b"?"] stands for what cannot be read."""
    again = Machine(image, 10**6)
    again.disk.make_folder(VAR)
    again.inbox.make_folders()
    try:
        return kept(again.inbox)
    except (ValueError, StoreError):
        return [b"?"]


def test_what_was_accepted_is_whole_after_any_power_cut() -> None:
    """In its order; the one that was being kept is there wholly or not at all."""
    number = 0
    for accepted, found in cuts_while_keeping(Inbox):
        number += 1
        assert found in (list(BODIES[: len(accepted)]), list(BODIES[: len(accepted) + 1]))

    assert number > 100


class WithoutFsync(Inbox):
    """Renames a file that may not be on the disk yet."""

    def _write(self, data: bytes) -> str:
        path = self._path("tmp", f"{len(self._disk.names(self._folders['tmp'])):024x}")
        fd = self._disk.create(path)
        self._disk.append(fd, data)
        self._disk.close(fd)
        return path


class WithoutFolderFsync(Inbox):
    """Accepts while a power cut may still take the name."""

    def keep(self, request: Request, at: float) -> None:
        with unittest.mock.patch.object(self._disk, "fsync_folder"):
            super().keep(request, at)


class InPlace(Inbox):
    """Writes into waiting/ itself."""

    def _write(self, data: bytes) -> str:
        tmp, self._folders["tmp"] = self._folders["tmp"], self._folders["waiting"]
        try:
            path = self._path("tmp", f"00000000000000001-{len(data)}-{'a' * 24}")
            fd = self._disk.create(path)
            self._disk.append(fd, data)
            self._disk.fsync(fd)
            self._disk.close(fd)
        finally:
            self._folders["tmp"] = tmp
        return path


class UnsafeFolders(Inbox):
    """Makes folders that a power cut may take."""

    def make_folders(self) -> None:
        for folder in self._folders.values():
            self._disk.make_folder(folder)


@pytest.mark.parametrize("broken", [WithoutFsync, WithoutFolderFsync, InPlace, UnsafeFolders])
def test_a_broken_inbox_is_caught(broken: type[Inbox]) -> None:
    """Each lacks one precaution, and each is found out."""
    assert any(
        found not in (list(BODIES[: len(accepted)]), list(BODIES[: len(accepted) + 1]))
        for accepted, found in cuts_while_keeping(broken)
    )


# forwarding


class Store:
    """The store of another machine: `put` are the bodies of the jobs it has, in their order, each once."""

    def __init__(self, step: Callable[[str], None]) -> None:
        self.put: list[bytes] = []
        self.step = step

    def take_in(self, request: Request, _: float) -> Response:
        self.step("before put")
        if request.body not in self.put:
            self.put.append(request.body)
        self.step("after put")
        return Response(200)


class RemovesWhenRead(Inbox):
    """Removes a request before the store has its job."""

    def read(self, name: str) -> KeptRequest:
        found = super().read(name)
        super().remove(name)
        return found


def forward(machine: Machine, store: Store, folder: Path) -> None:
    """Forward what waits in a machine's inbox to this store."""
    Forwarding(machine.inbox, lambda: {"/x": store.take_in}, str(folder)).run()


def losses_while_forwarding(make: type[Inbox], folder: Path) -> list[list[bytes]]:
    """Cut the power at each step of forwarding, twice in a row; return what each store has in the end, if it lacks any.

    Nothing may be left waiting.
    """
    image, lost = with_all(started()), list[list[bytes]]()
    for cut in range(1, 200):
        machine = Machine(image, cut, make)
        store = Store(machine.step)
        try:
            forward(machine, store, folder)
        except PowerCut:
            pass
        else:
            assert cut > 10
            return lost
        for left in machine.images:
            again, late = Machine(left, 10**6, make), Store(lambda _: None)
            late.put = list(store.put)
            forward(again, late, folder)
            assert [] == again.inbox.names()
            if late.put != list(BODIES):
                lost.append(late.put)
    raise AssertionError("it never comes to an end")


def test_whatever_cuts_off_forwarding_the_store_has_each_request_once(tmp_path: Path) -> None:
    """In the order of receipt."""
    assert [] == losses_while_forwarding(Inbox, tmp_path)


def test_an_inbox_that_removes_too_early_is_caught(tmp_path: Path) -> None:
    """The request is in neither place if the power goes in between."""
    assert losses_while_forwarding(RemovesWhenRead, tmp_path)


KILLED_IN = [
    (Disk, "create"),
    (Disk, "append"),
    (Disk, "fsync"),
    (Disk, "rename"),
    (Disk, "fsync_folder"),
    (Disk, "link"),
    (Disk, "unlink"),
    (FileSpool, "put"),
    (FileSpool, "note"),
]
"""The steps of keeping, forwarding and putting, before and behind each of which the process is killed."""


def test_killed_at_any_step_each_question_becomes_one_job(tmp_path: Path) -> None:
    """Slack sends again what it has heard no 200 for; what was accepted is forwarded. The follow-up stays behind."""
    for number in range(1, 300):
        stage = Stage(tmp_path / str(number))
        heard = stage.var / "heard"
        heard.touch()

        if not is_killed_at(number, KILLED_IN, partial(_post_and_forward, stage, heard)):
            break
        _post_and_forward(stage, heard)

        assert ["1", "And then?"] == stage.texts(), f"step {number}"
        assert (0, 0) == (stage.waiting(), stage.inbox.state().failed)
    assert number > 40


def _post_and_forward(stage: Stage, heard: Path) -> None:
    _post_both(stage, heard)
    stage.return_and_forward()


def _post_both(stage: Stage, heard: Path) -> None:
    """Post a mention and its follow-up, but for what Slack has heard a 200 for; the store is away at first."""
    stage.spool.is_away = not heard.read_text()
    for second, post in ((1, partial(stage.mention, 1)), (2, partial(stage.line, 2, "And then?"))):
        if ts(second) not in heard.read_text():
            assert 200 == post()
            with heard.open("a") as file:
                file.write(ts(second))
