"""`cocoai status`: what it says, where to, and its exit code."""

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

from cocoai import board, config
from cocoai.cli import main
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.status.terminal import frame

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def watching(settings: config.Settings, out: int | IO[bytes], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`cocoai status --watch`, until the test is over."""
    command = [sys.executable, "-m", "cocoai", "status", "--config", settings.file, "--watch", *arguments]
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_exit_code_tells_programs(settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """3: not running; 0: running; 4: that cannot be known."""
    command = ["status", "--config", settings.file]

    codes = [main(command)]
    board.new(settings).begin(1, 1)
    codes.append(main(command))
    Path(board.path(settings)).unlink()
    Scoreboard(board.path(settings), slots=4, reasons=("another",)).begin(1, 1)
    codes.append(main(command))

    assert [3, 0, 4] == codes
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("CocoAI: ")]
    assert [
        "CocoAI: not running, it has never run here",
        f"CocoAI: running, for {told[1].partition(' for ')[2]}",
        "CocoAI: unknown, the pool runs other code than this: reload it",
    ] == told


def test_json_is_for_programs(settings: config.Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, and nothing else."""
    assert 3 == main(["status", "--config", settings.file, "--json"])

    told = json.loads(capsys.readouterr().out)
    assert ("not running", settings.paths.var) == (told["state"], told["var"])


def test_a_pool_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line: a wrong --config is the likeliest cause."""
    file = tmp_path / "cocoai.ini"
    file.write_text("[paths]\nvar = nowhere\n")

    assert 1 == main(["status", "--config", str(file)])
    assert f"cocoai: there is no {tmp_path}/nowhere/spool/ready\n" == capsys.readouterr().err


def test_a_watch_goes_on_until_ctrl_c(settings: config.Settings) -> None:
    """Into a pipe, one look after the other, and no control characters. Ctrl-C is no error."""
    with watching(settings, subprocess.PIPE) as process:
        assert process.stdout is not None
        heads = [line for line in (process.stdout.readline() for _ in range(60)) if line.startswith(b"CocoAI:")]
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate()

    assert 2 <= len(heads)
    assert b"\x1b" not in b"".join(heads) + rest
    assert (0, b"") == (process.returncode, error)


def test_a_watch_of_programs_is_a_line_a_look(settings: config.Settings) -> None:
    """JSON, each line whole."""
    with watching(settings, subprocess.PIPE, "--json") as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline()) for _ in range(2)]

    assert told[0]["at"] < told[1]["at"]


def test_a_watch_draws_a_terminal_anew(settings: config.Settings) -> None:
    """From its upper left corner."""
    ours, theirs = pty.openpty()
    with watching(settings, theirs):
        os.close(theirs)
        drawn = b""
        while drawn.count(b"\x1b[HCocoAI: not running") < 2:
            drawn += os.read(ours, 65_536)
    os.close(ours)

    assert b"\x1b[J" in drawn


def test_a_watch_whose_reader_leaves_ends(settings: config.Settings) -> None:
    """As in `cocoai status --watch | head -1`: without a word."""
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
    """What does not fit is cut: a terminal that scrolls cannot be drawn over."""
    drawn = frame(["x" * 100] * 100, columns=80, rows=24)

    assert 23 == drawn.count("\n")
    assert "x" * 80 in drawn
    assert "x" * 81 not in drawn
