"""bench/namespaces: machines on a switch hear each other, can be cut off, and leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.namespaces import Machine, Missing, switch
from tests.processes import wait_until


@pytest.fixture
def needs_root() -> None:
    """Skip the test where no namespace can be made."""
    try:
        with switch(1):
            pass
    except Missing as error:
        pytest.skip(f"NAMESPACES ARE NOT TESTED: {error}")


@pytest.mark.usefixtures("needs_root")
def test_machines_hear_each_other_unless_one_is_cut_off() -> None:
    """A server in one is reached by another, and by this computer; on its 127.0.0.1 by none; and by none while cut."""
    with switch(2) as (one, other), contextlib.ExitStack() as stack:
        with one.entered():
            server = stack.enter_context(socket.create_server((one.address, 0)))
            private = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        with other.entered():
            from_other = _hears(server)
        from_here = _hears(server), _hears(private)
        one.cut()
        while_cut = _hears(server)
        one.mend()
        wait_until(lambda: _hears(server))
        seen = subprocess.run(
            [*one.prefix, "ip", "-brief", "address"], check=True, capture_output=True, text=True
        ).stdout

    assert (True, (True, False), False) == (from_other, from_here, while_cut)
    assert one.address in seen


@pytest.mark.usefixtures("needs_root")
def test_a_context_begins_and_ends_in_the_namespace_and_runs_outside() -> None:
    """What needs its machine's 127.0.0.1 to begin and to end finds it, while this thread is elsewhere in between."""
    seen = []

    @contextlib.contextmanager
    def look() -> Iterator[None]:
        seen.append(_namespace())
        yield
        seen.append(_namespace())

    with switch(1) as (machine,):
        with machine.holding(look()):
            between = _namespace()
        with machine.entered():
            inside = _namespace()

    assert [inside, inside] == seen
    assert between == _namespace() != inside


@pytest.mark.usefixtures("needs_root")
def test_nothing_is_left_of_a_switch_that_ends_with_an_error() -> None:
    """A ^C in the midst removes the namespaces and the interfaces too."""
    machines: list[Machine] = []

    with pytest.raises(KeyboardInterrupt):
        _interrupt(machines)

    assert (True, False) == (len(machines) == 2, any(map(_is_there, machines)))


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root there is one sentence, and nothing is made."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(Missing, match="need root"), switch(1):
        pass


def _interrupt(machines: list[Machine]) -> None:
    """Raise KeyboardInterrupt while two machines are on a switch; note them."""
    with switch(2) as made:
        machines += made
        assert all(map(_is_there, machines))
        raise KeyboardInterrupt


def _hears(server: socket.socket) -> bool:
    """Check whether a connection from this thread's namespace is accepted."""
    with contextlib.suppress(OSError), socket.create_connection(server.getsockname(), timeout=0.5):
        return True
    return False


def _namespace() -> int:
    return os.stat(f"/proc/self/task/{threading.get_native_id()}/ns/net").st_ino


def _is_there(machine: Machine) -> bool:
    return any(Path(folder, machine.name).exists() for folder in ("/run/netns", "/sys/class/net"))
