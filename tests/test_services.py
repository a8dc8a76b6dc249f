"""The files by which systemd and supervisord run the pool: their commands are run, and their lines are looked at.

systemd itself does not run here. What it would do by the units' lines is done by the tests: it runs ExecStart and
ExecReload, and with KillMode=process it sends TERM to the one process that it has started.
"""

from __future__ import annotations

import configparser
import os
import pwd
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocoai.engine.pool.listener import BACKLOG
from cocoai.engine.pool.master import DRAIN
from cocoai.engine.pool.master_lock import LOCK_WAIT, MASTER_LOCK
from cocoai.up import etc
from tests.engine.conftest import is_alive, python_path
from tests.engine.pool.pool_under_test import PoolUnderTest, children, pool_in
from tests.engine.web.fastcgi_client import PATIENCE
from tests.processes import is_held, wait_until

ETC = Path(__file__).parent.parent / "etc"

UNITS = ("supervisor/cocoai.service", "systemd/cocoai.service", "systemd/cocoai.socket")

COMMAND = '"/opt/cocoai/bin/python" "/opt/cocoai/bin/cocoai.fcgi" --config "/etc/cocoai/cocoai.ini"'


def unit(name: str) -> configparser.ConfigParser:
    """Return the sections of a file below etc/, with the names as they stand there."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((ETC / name).read_text())
    return parser


# the shape with supervisord, run


class Supervised:
    """The production files for supervisord, with a folder's names in them, and the pool under test for the pool."""

    def __init__(self, pool: PoolUnderTest) -> None:
        self.pool = pool
        pool.errors.touch()
        self.replacements = {
            COMMAND: f'"{sys.executable}" "{pool.entry}" --workers 1 --tick 0.2',
            "/opt/cocoai/bin/supervisor": str(Path(sys.executable).with_name("supervisor")),
            "/etc/cocoai": str(pool.folder),
            "/run/cocoai/cocoai.sock": pool.path,
            "/run/cocoai": str(pool.folder),
            "/var/log/cocoai/cocoai.log": str(pool.errors),
            "/var/log/cocoai": str(pool.folder),
            "user=root": f"user={pwd.getpwuid(os.geteuid()).pw_name}",
            "user=cocoai": "",
            "socket_owner=cocoai:nginx": "",
        }
        for name, copy in (("supervisord.conf", "supervisord.conf"), ("cocoai.conf", "program.conf")):
            text = (ETC / "supervisor" / name).read_text()
            (pool.folder / copy).write_text(etc.replaced(text, self.replacements))
        self.supervisord: subprocess.Popen[bytes] | None = None

    def command(self, line: str) -> list[str]:
        """Return the unit's command of this name."""
        return shlex.split(etc.replaced(unit("supervisor/cocoai.service")["Service"][line], self.replacements))

    def environ(self) -> dict[str, str]:
        """Return the environment of all that is started here."""
        return {**os.environ, "PYTHONPATH": python_path(), "POOL_FOLDER": str(self.pool.folder)}

    def start(self) -> None:
        """Run ExecStart, with the unit's UMask=."""
        self.supervisord = self.pool.process = subprocess.Popen(
            self.command("ExecStart"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environ(),
            umask=int(unit("supervisor/cocoai.service")["Service"]["UMask"], 8),
        )

    def stop(self, number: signal.Signals) -> int:
        """Send this signal to supervisord alone, as KillMode=process does; return its exit status."""
        assert self.supervisord
        self.supervisord.send_signal(number)
        return self.supervisord.wait(PATIENCE)

    def reload(self) -> subprocess.CompletedProcess[str]:
        """Run ExecReload."""
        return subprocess.run(
            self.command("ExecReload"), capture_output=True, text=True, check=False, env=self.environ(), timeout=60
        )

    def masters(self) -> list[int]:
        """Return the pids that have logged that the pool started, oldest first, one for each start and reload."""
        return [int(pid) for pid in re.findall(r"(?m)^(\d+) pool outcome=started", self.pool.log())]


@pytest.fixture
def supervised(short_folder: Callable[[], Path]) -> Iterator[Supervised]:
    """Yield the files in a folder, with nothing started; kill what is left of it afterwards."""
    pytest.importorskip("supervisor")
    with pool_in(short_folder()) as pool:
        yield Supervised(pool)


def test_a_reload_and_a_restart_of_the_unit_spare_what_is_in_the_making(supervised: Supervised) -> None:
    """`systemctl reload` keeps the master; `restart` ends it in order, while a job process goes on to its end."""
    pool = supervised.pool
    supervised.start()
    pool.await_log("pool outcome=started")
    reloaded = supervised.reload()
    pool.await_log("pool outcome=started", 2)
    pool.hold("held-job")
    pool.ask("/work")
    pool.await_log(" working\n")
    with pool.held("held-job"):
        status = supervised.stop(signal.SIGTERM)
        (job,) = pool.family()
        is_free = not is_held(pool.folder / MASTER_LOCK)
        supervised.start()
        pool.await_log("pool outcome=started", 3)
        is_spared = is_alive(job)
        served = pool.ask().status
    first, same, second = supervised.masters()

    assert (0, "cocoai: signalled\n") == (reloaded.returncode, reloaded.stdout)
    assert (0, True, True, 200) == (status, is_free, is_spared, served)
    assert first == same != second
    assert "made-to-stop" not in pool.log()


def test_a_killed_supervisord_leaves_no_pool_beside_the_next_one_s(supervised: Supervised) -> None:
    """The orphan stops at its tick, and the new master, which has waited for it, serves the new socket."""
    pool = supervised.pool
    supervised.start()
    pool.await_log("pool outcome=started")
    supervised.stop(signal.SIGKILL)
    supervised.start()
    pool.await_log("pool outcome=started", 2)
    old, new = supervised.masters()
    assert supervised.supervisord
    modes = {name: stat.S_IMODE((pool.folder / name).stat().st_mode) for name in ("supervisord.log", "socket")}

    assert {new} == children(supervised.supervisord.pid)
    assert not is_alive(old)
    assert 200 == pool.ask().status
    assert new == pool.snapshot().pid
    assert {"supervisord.log": 0o600, "socket": 0o660} == modes


# the shape without supervisord


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="systemd is not installed")
def test_the_pool_serves_the_socket_that_systemd_passes_on_descriptor_0(short_folder: Callable[[], Path]) -> None:
    """systemd's own program passes it as StandardInput=socket does; the pool serves it, also after a reload."""
    with pool_in(short_folder()) as pool:
        environ = {**os.environ, "PYTHONPATH": python_path(), "POOL_FOLDER": str(pool.folder)}
        passed = [f"--setenv={name}" for name in ("PYTHONPATH", "POOL_FOLDER", "TESTS_TAG") if name in environ]
        command = ["systemd-socket-activate", "--inetd", f"--listen={pool.path}", *passed]
        with pool.errors.open("ab") as errors:
            pool.process = subprocess.Popen(
                [*command, sys.executable, str(pool.entry), "--workers", "1"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environ,
            )
        pool.await_log("Listening on")
        first = pool.ask().status
        pool.signal(signal.SIGHUP)
        pool.await_log("pool outcome=started", 2)
        second = pool.ask().status
        pool.signal(signal.SIGTERM)

        assert (200, 200, 0) == (first, second, pool.wait())


# the lines


def test_supervisor_s_program_runs_this_command() -> None:
    """What the tests above replace is what the file has."""
    assert COMMAND == unit("supervisor/cocoai.conf")["fcgi-program:cocoai"]["command"]
    assert COMMAND.replace('"', "") == unit("systemd/cocoai.service")["Service"]["ExecStart"]


@pytest.mark.parametrize("name", ["supervisor/cocoai.service", "systemd/cocoai.service"])
def test_systemd_stops_one_process_and_starts_it_always(name: str) -> None:
    """Job processes are spared, and nothing deletes /run/cocoai, where the socket lies."""
    service = unit(name)["Service"]

    assert ("process", "always", "0077") == (service["KillMode"], service["Restart"], service["UMask"])
    assert "RuntimeDirectory" not in service
    assert "multi-user.target" == unit(name)["Install"]["WantedBy"]


def test_without_supervisord_the_socket_is_descriptor_0_and_for_nginx() -> None:
    """It has the rights and the length that supervisor gives it."""
    service, listening = unit("systemd/cocoai.service"), unit("systemd/cocoai.socket")["Socket"]
    program = unit("supervisor/cocoai.conf")["fcgi-program:cocoai"]
    environ = re.sub(r'["]', "", program["environment"]).replace(",", " ")

    assert ("socket", "journal") == (service["Service"]["StandardInput"], service["Service"]["StandardError"])
    assert "cocoai.socket" == service["Unit"]["Requires"]
    assert program["socket"] == f"unix://{listening['ListenStream']}"
    assert program["socket_owner"] == f"{listening['SocketUser']}:{listening['SocketGroup']}"
    assert program["socket_mode"] == listening["SocketMode"]
    assert str(BACKLOG) == program["socket_backlog"] == listening["Backlog"]
    assert (program["user"], environ) == (service["Service"]["User"], service["Service"]["Environment"])
    assert ("cocoai", "0700") == (service["Service"]["StateDirectory"], service["Service"]["StateDirectoryMode"])


def test_supervisord_is_for_root_alone() -> None:
    """Who reaches its socket could start any program as root; its log is of a bounded size."""
    conf = unit("supervisor/supervisord.conf")
    supervisord = conf["supervisord"]

    assert ("root", "077", "256") == (supervisord["user"], supervisord["umask"], supervisord["minfds"])
    assert ("1MB", "2") == (supervisord["logfile_maxbytes"], supervisord["logfile_backups"])
    assert "0700" == conf["unix_http_server"]["chmod"]
    assert conf["supervisorctl"]["serverurl"] == f"unix://{conf['unix_http_server']['file']}"
    assert "/etc/cocoai/program.conf" == conf["include"]["files"]


def test_the_durations_of_the_services_keep_their_order() -> None:
    """Each of them is longer than what it must outlast."""
    program = unit("supervisor/cocoai.conf")["fcgi-program:cocoai"]
    refusing = 6.0  # seconds that the pool takes to end over wrong settings, with 5 % of a processor

    assert refusing + LOCK_WAIT < float(program["startsecs"])
    assert DRAIN < float(program["stopwaitsecs"])
    for name, must_outlast in (("supervisor", float(program["stopwaitsecs"])), ("systemd", DRAIN)):
        assert must_outlast < float(unit(f"{name}/cocoai.service")["Service"]["TimeoutStopSec"])


def test_cocoai_up_waits_less_for_a_start(tmp_path: Path) -> None:
    """Its copy of the program has its own startsecs: there a pool that is killed again soon starts again at once."""
    names = etc.LocalNames(f"{tmp_path}/run", f"{tmp_path}/log", "127.0.0.1:1", "/python", "/entry", "/nginx")
    etc.copy(str(ETC), names)

    copy = (tmp_path / "run/etc/supervisor/cocoai.conf").read_text()
    assert ["2"] == re.findall(r"(?m)^startsecs=(\d+)$", copy)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("folder", ["supervisor", "systemd"])
def test_systemd_understands_the_units(tmp_path: Path, folder: str) -> None:
    """It knows every section and every name, and can read every value."""
    copies = []
    for name in UNITS:
        if name.startswith(folder):
            copies.append(tmp_path / Path(name).name)
            copies[-1].write_text(re.sub(r"=/opt/cocoai/bin/\w+", f"={sys.executable}", (ETC / name).read_text()))
    done = subprocess.run(
        ["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False, timeout=60
    )

    assert (0, "") == (done.returncode, done.stderr)


def test_supervisord_ends_over_a_faulty_file(supervised: Supervised) -> None:
    """The tests above can fail: a faulty file keeps supervisord from starting."""
    (supervised.pool.folder / "program.conf").write_text("[fcgi-program:cocoai]\ncommand=/bin/true\n")
    supervised.start()
    assert supervised.supervisord

    assert 2 == supervised.supervisord.wait(PATIENCE)
    wait_until(lambda: not supervised.pool.family())
