"""`cocoai status`: its output and its exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.status.terminal import frame
from tests.status.samples import scoreboard_of

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def watching(settings: config.Settings, out: int | IO[bytes], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `cocoai status --watch` until the block ends."""
    command = [sys.executable, "-m", "cocoai", "status", "--config", settings.file, "--watch", *arguments]
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_exit_code_is_the_pool_s_state(settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 0 for a running pool, 3 for a stopped one, 4 if the state is unknown."""
    command = ["status", "--config", settings.file]

    codes = [main(command)]
    scoreboard_of(settings).begin(1, 1)
    codes.append(main(command))
    Path(settings.paths.scoreboard).unlink()
    Scoreboard(settings.paths.scoreboard, slots=4, reasons=("another",)).begin(1, 1)
    codes.append(main(command))

    assert [3, 0, 4] == codes
    headlines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("CocoAI: ")]
    assert [
        "CocoAI: not running, it has never run here",
        f"CocoAI: running, for {headlines[1].partition(' for ')[2]}",
        "CocoAI: unknown, the pool runs other code than this: reload it",
    ] == headlines


def test_json_is_one_object(settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The output is one JSON object and nothing else."""
    assert 3 == main(["status", "--config", settings.file, "--json"])

    status = json.loads(capsys.readouterr().out)
    assert ("not running", settings.paths.var) == (status["state"], status["var"])


def test_a_missing_spool_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the folder: a wrong --config is the likeliest cause."""
    file = tmp_path / "cocoai.ini"
    file.write_text("[paths]\nvar = nowhere\n")

    assert 1 == main(["status", "--config", str(file)])
    assert f"cocoai: there is no {tmp_path}/nowhere/spool/ready\n" == capsys.readouterr().err


def test_a_watch_goes_on_until_ctrl_c(settings: config.Settings) -> None:
    """A pipe gets one report after the other without control characters, and Ctrl-C is no error."""
    with watching(settings, subprocess.PIPE) as process:
        assert process.stdout is not None
        heads = [line for line in (process.stdout.readline() for _ in range(60)) if line.startswith(b"CocoAI:")]
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate()

    assert 2 <= len(heads)
    assert b"\x1b" not in b"".join(heads) + rest
    assert (0, b"") == (process.returncode, error)


def test_watching_as_json_writes_one_line_each_time(settings: config.Settings) -> None:
    """Each line is a complete JSON object."""
    with watching(settings, subprocess.PIPE, "--json") as process:
        assert process.stdout is not None
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))

    assert first["at"] < second["at"]


def test_a_watch_redraws_a_terminal(settings: config.Settings) -> None:
    """Each report is drawn from the upper left corner."""
    ours, theirs = pty.openpty()
    with watching(settings, theirs):
        os.close(theirs)
        drawn = b""
        while drawn.count(b"\x1b[HCocoAI: not running") < 2:
            drawn += os.read(ours, 65_536)
    os.close(ours)

    assert b"\x1b[J" in drawn


def test_a_watch_whose_reader_leaves_ends(settings: config.Settings) -> None:
    """`cocoai status --watch | head -1` ends without an error message."""
    with watching(settings, subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        error = process.stderr.read()
        process.wait()

    assert (0, b"") == (process.returncode, error)


@pytest.mark.pure
def test_a_frame_is_no_larger_than_the_terminal() -> None:
    """Lines are cut to the terminal's size: a terminal that has scrolled cannot be drawn over."""
    drawn = frame(["x" * 100] * 100, columns=80, rows=24)

    assert 23 == drawn.count("\n")
    assert "x" * 80 in drawn
    assert "x" * 81 not in drawn
