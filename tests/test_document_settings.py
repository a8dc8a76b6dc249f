"""[documents], [readers] and [history]: whose words answers rest on, and where they may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.config import SettingsError, read
from tests.test_config import SECRETS, write

pytestmark = pytest.mark.pure


def test_without_a_folder_and_channels_there_are_no_documents(tmp_path: Path) -> None:
    nothing = read(None, SECRETS)
    assert (False, 0, {}) == (nothing.documents.is_on, nothing.history.keep_days, nothing.readers)
    for line in ("folder = texts", "channels = C0123456789"):
        assert read(write(tmp_path / "c.ini", f"[documents]\n{line}\n"), SECRETS).documents.is_on


def test_the_folder_lies_beside_the_settings_file(tmp_path: Path) -> None:
    settings = read(write(tmp_path / "c.ini", "[documents]\nfolder = texts\n"), SECRETS)
    assert str(tmp_path / "texts") == settings.documents.folder


def test_readers_are_named_without_case(tmp_path: Path) -> None:
    """Slack's ids too, as a settings file has no case; a Mac's folder が is the one that is typed."""
    lines = ["HR/Board = C01, G02", "hr = C01", "C0456 = ALL", "か\u3099く/ = all"]
    settings = read(write(tmp_path / "c.ini", "\n".join(["[readers]", *lines])), SECRETS)
    assert {"hr/board": {"C01", "G02"}, "hr": {"C01"}, "c0456": None, "がく": None} == settings.readers


def test_readers_may_stand_in_the_environment(tmp_path: Path) -> None:
    """A rule there is no less one: overlooked, it would show to everybody what is for few."""
    file = write(tmp_path / "c.ini", "[readers]\nhr = all\nsales = C03\n")

    settings = read(file, {**SECRETS, "COCOAI_READERS_HR": "C01", "COCOAI_READERS_HR/BOARD": "C02"})

    assert {"hr": {"C01"}, "sales": {"C03"}, "hr/board": {"C02"}} == settings.readers
    with pytest.raises(SettingsError, match=r"everybody is not allowed.*COCOAI_READERS_HR in the environment"):
        read(None, {**SECRETS, "COCOAI_READERS_HR": "everybody"})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/etc = all", r"\[readers\] /etc is not allowed; it is the path of a sub-folder"),
        ("../x = all", "it is the path of a sub-folder"),
        ("hr//x = all", "it is the path of a sub-folder"),
        ("hr = everybody", r"\[readers\] hr = everybody is not allowed; it is `all`, or IDs of channels"),
        ("hr = all C01", "all C01 is not allowed"),
        ("hr = ,", ", is not allowed"),
        ("hr =", r"\[readers\] hr is empty; it is `all`, or IDs"),
    ],
)
def test_wrong_readers_are_named(tmp_path: Path, line: str, message: str) -> None:
    """Nothing is guessed: it could show to everybody what is for few."""
    with pytest.raises(SettingsError, match=message):
        read(write(tmp_path / "c.ini", f"[readers]\n{line}\n"), SECRETS)
