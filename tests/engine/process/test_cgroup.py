"""The memory limit of a process's control groups, in made-up folders like /proc and /sys/fs/cgroup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cocoai.engine.process.cgroup import MemoryLimit, memory_limit

pytestmark = pytest.mark.pure

PID = 17

MIB = 1024 * 1024


class Machine:
    """The two folders of a made-up machine, on which the process PID has these lines in its `cgroup` file."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.root, self.proc = folder / "sys", folder / "proc"
        self._write(self.proc / str(PID) / "cgroup", "".join(f"{line}\n" for line in lines))

    def add(self, group: str, files: Mapping[str, object]) -> None:
        """Add a control group with these files; a name is the folder below /sys/fs/cgroup."""
        for name, value in files.items():
            self._write(self.root / group / name, f"{value}\n")

    def limit(self, pid: int = PID) -> MemoryLimit | None:
        """Return what is read here."""
        return memory_limit(pid, root=str(self.root), proc=str(self.proc))

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def version_2(most: object, used: int = 0, cached: int = 0, swap: object = "max") -> dict[str, object]:
    """Return the files of a group of version 2."""
    stat = f"anon 1\ninactive_file {cached}\nactive_file 3"
    return {"memory.max": most, "memory.current": used, "memory.stat": stat, "memory.swap.max": swap}


UNLIMITED = 9223372036854771712
"""What version 1 shows where there is no limit."""


def version_1(most: int, used: int = 0, cached: int = 0, both: int = UNLIMITED) -> dict[str, object]:
    """Return the files of a group of version 1; `both` limits memory and swap together."""
    return {
        "memory.limit_in_bytes": most,
        "memory.memsw.limit_in_bytes": both,
        "memory.usage_in_bytes": used,
        "memory.stat": f"cache 1\ninactive_file 2\ntotal_inactive_file {cached}",
    }


@pytest.fixture
def unified(tmp_path: Path) -> Machine:
    """Return a machine with version 2 alone, whose process is in a service of the system."""
    machine = Machine(tmp_path, "0::/system.slice/cocoai.service")
    machine.add("", {"cgroup.controllers": "cpu memory"})
    return machine


def test_a_services_limit_is_read(unified: Machine) -> None:
    """What is cached of files and would be dropped first is not in use."""
    unified.add("system.slice", version_2("max", used=900 * MIB))
    unified.add("system.slice/cocoai.service", version_2(400 * MIB, used=90 * MIB, cached=30 * MIB, swap=0))

    assert MemoryLimit("/system.slice/cocoai.service", 400 * MIB, 60 * MIB, 0) == unified.limit()


@pytest.mark.parametrize(("inner", "expected"), [("max", 300), (400 * MIB, 300), (200 * MIB, 200)])
def test_the_smallest_limit_of_all_groups_above_counts(unified: Machine, inner: object, expected: int) -> None:
    """A group may use no more than the one above it, whatever its own limit says."""
    unified.add("system.slice", version_2(300 * MIB))
    unified.add("system.slice/cocoai.service", version_2(inner))

    limit = unified.limit()

    assert limit is not None
    assert expected * MIB == limit.most


def test_without_a_limit_there_is_none(unified: Machine) -> None:
    """Nor is there one for a process that has gone."""
    unified.add("system.slice/cocoai.service", version_2("max"))

    assert unified.limit() is None
    assert unified.limit(18) is None


@pytest.mark.parametrize("path", ["/", "/../elsewhere", "/machine/docker/abc"])
def test_a_containers_own_root_is_its_group(tmp_path: Path, path: str) -> None:
    """It is all that is seen inside, whether the path is the container's or the machine's."""
    machine = Machine(tmp_path, f"0::{path}")
    machine.add("", {"cgroup.controllers": "memory", **version_2(512 * MIB, used=MIB)})

    assert MemoryLimit("/", 512 * MIB, MIB) == machine.limit()


@pytest.mark.parametrize("memory", ["4:memory:", "4:cpu,memory:"])
def test_version_1_is_read_beside_version_2(tmp_path: Path, memory: str) -> None:
    """Where both are mounted, memory is in one of them; a great number means that there is no limit."""
    machine = Machine(tmp_path, "9:name=systemd:/", f"{memory}/docker/abc", "0::/")
    machine.add("memory", version_1(UNLIMITED))
    machine.add("memory/docker/abc", version_1(256 * MIB, used=80 * MIB, cached=20 * MIB))

    assert MemoryLimit("/docker/abc", 256 * MIB, 60 * MIB) == machine.limit()


@pytest.mark.parametrize(("both", "swap"), [(UNLIMITED, None), (512 * MIB, 256 * MIB), (256 * MIB, 0)])
def test_version_1_limits_memory_and_swap_together(tmp_path: Path, both: int, swap: int | None) -> None:
    """What is more than the limit of memory may be swap."""
    machine = Machine(tmp_path, "4:memory:/docker/abc")
    machine.add("memory/docker/abc", version_1(256 * MIB, both=both))

    assert MemoryLimit("/docker/abc", 256 * MIB, 0, swap) == machine.limit()


def test_this_machine_can_be_read() -> None:
    """Whatever is mounted here, there is a limit or none."""
    limit = memory_limit(1)

    assert limit is None or limit.most > 0
