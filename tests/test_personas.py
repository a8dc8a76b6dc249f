"""Personas: read again when a file has changed, by one process for all; a broken file changes nothing."""

from __future__ import annotations

import copy
import logging
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cocoai.config import Personas, Settings, SettingsError, read
from cocoai.config.personas import DEFAULT_INSTRUCTIONS, LONGEST
from cocoai.conversation import Persona

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

SECRETS = {
    "SLACK_SIGNING_SECRET": "hush-signing",
    "SLACK_BOT_TOKEN": "xoxb-hush",
    "OPENAI_API_KEY": "sk-hush",
}

GENERAL, FINANCE = "C0GENERAL", "C0FINANCE"


@dataclass
class SettingsFolder:
    """A folder that has cocoai.ini, files of instructions, and var."""

    path: Path

    def write(self, name: str, text: str) -> str:
        """Replace a file at once, as editors do. Return its path."""
        path = self.path / name
        unfinished = path.with_name(f"{name}~")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(path)
        return str(path)

    def settings(self, **environ: str) -> Settings:
        return read(str(self.path / "cocoai.ini"), {**SECRETS, **environ})

    @property
    def kept(self) -> Path:
        return self.path / "var/run/personas.json"


@pytest.fixture
def folder(tmp_path: Path) -> SettingsFolder:
    """Return a folder with instructions for all channels, and others and a model for the finance channel."""
    made = SettingsFolder(tmp_path)
    (tmp_path / "var/run").mkdir(parents=True)
    made.write("kind.txt", "Be kind.")
    made.write("exact.txt", "Be exact.")
    made.write("cocoai.ini", INI)
    return made


INI = f"""\
[answer]
instructions = kind.txt
[channel {FINANCE}]
instructions = exact.txt
model = gpt-6.1-sol
[models]
deep = gpt-6.1-sol
"""


def test_without_settings_the_cocoai_persona_answers(tmp_path: Path) -> None:
    """It answers in every channel, with the model of the settings."""
    personas = Personas(read(None, {**SECRETS, "COCOAI_PATHS_VAR": str(tmp_path)}))

    assert Persona(Path(DEFAULT_INSTRUCTIONS).read_text("utf-8"), "") == personas.for_channel(GENERAL)
    assert {} == personas.models()


def test_a_channel_may_have_its_own_instructions_and_model(folder: SettingsFolder) -> None:
    """What a channel does not set for itself is the same as in all channels."""
    folder.write(
        "cocoai.ini", f"{INI}[channel C0MODEL]\nmodel = gpt-6-astra\n[channel C0TEXT]\ninstructions = exact.txt\n"
    )

    personas = Personas(folder.settings())

    assert Persona("Be kind.", "") == personas.for_channel(GENERAL)
    assert Persona("Be exact.", "gpt-6.1-sol") == personas.for_channel(FINANCE)
    assert Persona("Be kind.", "gpt-6-astra") == personas.for_channel("C0MODEL")
    assert Persona("Be exact.", "") == personas.for_channel("C0TEXT")
    assert {"deep": "gpt-6.1-sol"} == personas.models()


@pytest.mark.parametrize("name", ["kind.txt", "exact.txt"])
def test_changed_instructions_hold_for_the_next_question(folder: SettingsFolder, name: str) -> None:
    """No restart is needed, and other channels keep their instructions."""
    personas = Personas(folder.settings())
    before = [personas.for_channel(channel).instructions for channel in (GENERAL, FINANCE)]

    folder.write(name, "Be brief.")

    changed = ["Be brief." if text.lower() == f"be {name[:-4]}." else text for text in before]
    assert changed == [personas.for_channel(channel).instructions for channel in (GENERAL, FINANCE)]


def test_changed_channels_and_models_hold_for_the_next_question(folder: SettingsFolder) -> None:
    """Channels and model prefixes may come and go in the settings file without HUP."""
    personas = Personas(folder.settings())

    folder.write(
        "cocoai.ini", f"[answer]\ninstructions = exact.txt\n[channel {GENERAL}]\nmodel = m\n[models]\nfast = f\n"
    )

    assert Persona("Be exact.", "m") == personas.for_channel(GENERAL)
    assert Persona("Be exact.", "") == personas.for_channel(FINANCE)
    assert {"fast": "f"} == personas.models()


def test_a_change_while_the_pool_starts_is_not_missed(folder: SettingsFolder) -> None:
    """A file that changes between the reading of the settings and the first question is read again."""
    settings = folder.settings()
    folder.write("cocoai.ini", INI.replace("gpt-6.1-sol", "late"))

    assert "late" == Personas(settings).for_channel(FINANCE).model


def test_the_environment_overrides_a_file_that_is_read_again(folder: SettingsFolder) -> None:
    """Variables keep their precedence over the changed settings file."""
    environ = {f"COCOAI_CHANNEL_{FINANCE}_MODEL": "ours", "COCOAI_MODELS_DEEP": "ours"}
    personas = Personas(folder.settings(**environ), environ)
    folder.write("cocoai.ini", INI.replace("gpt-6.1-sol", "another"))

    assert Persona("Be exact.", "ours") == personas.for_channel(FINANCE)
    assert {"deep": "ours"} == personas.models()


def test_nothing_is_read_while_nothing_has_changed(folder: SettingsFolder) -> None:
    """A question costs one stat(2) of each file, and no read(2)."""
    personas = Personas(folder.settings())
    for_nothing = _reads() - _reads()

    before = _reads()
    personas.for_channel(FINANCE)
    after = _reads()

    assert for_nothing == before - after


def _reads() -> int:
    """Return how often this process has called read(2), this measurement's own calls included."""
    return int(Path("/proc/self/io").read_text().split("syscr: ")[1].split()[0])


BROKEN = {
    "a wrong value": INI.replace("gpt-6.1-sol", "two words"),
    "a path in two lines": INI.replace("exact.txt", "exact.txt\n  kind.txt"),
    "a missing file": INI.replace("exact.txt", "gone.txt"),
    "an unknown section": f"{INI}[channel general]\nmodel = m\n",
    "a torn line": f"{INI}[slack]\nhush-token\n",
    "a key twice": f"{INI}[slack]\nbot_token = hush\nbot_token = hush\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_keeps_the_last_good_personas_and_is_logged_once(
    folder: SettingsFolder, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """Only the first process that sees the broken file logs a warning, and the warning shows no secret."""
    master = Personas(folder.settings())
    folder.write("cocoai.ini", INI.replace("gpt-6.1-sol", "good"))
    assert "good" == copy.copy(master).for_channel(FINANCE).model

    folder.write("cocoai.ini", text)

    for process in (copy.copy(master), copy.copy(master), master):
        for _ in range(3):
            assert Persona("Be exact.", "good") == process.for_channel(FINANCE)
            assert {"deep": "good"} == process.models()
    assert 1 == len([it for it in caplog.records if it.levelno >= logging.WARNING])
    assert "hush" not in caplog.text + folder.kept.read_text()


def test_a_repaired_file_is_read_again(folder: SettingsFolder, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is named before it exists, or that was deleted, is read as soon as it exists."""
    personas = Personas(folder.settings())
    caplog.set_level(logging.INFO)
    folder.write("cocoai.ini", INI.replace("exact.txt", "new.txt"))
    assert "Be exact." == personas.for_channel(FINANCE).instructions

    folder.write("new.txt", "Be new.")
    assert "Be new." == personas.for_channel(FINANCE).instructions

    (folder.path / "new.txt").unlink()
    assert "Be new." == personas.for_channel(FINANCE).instructions

    folder.write("new.txt", "Be newer.")
    assert "Be newer." == personas.for_channel(FINANCE).instructions
    assert ["WARNING", "INFO", "WARNING", "INFO"] == [it.levelname for it in caplog.records]


def test_one_process_reads_for_all(folder: SettingsFolder, caplog: pytest.LogCaptureFixture) -> None:
    """The result is kept for other processes, in a file that only their user can read."""
    caplog.set_level(logging.INFO)
    master = Personas(folder.settings())
    folder.write("cocoai.ini", INI.replace("gpt-6.1-sol", "new"))

    models = [copy.copy(master).for_channel(FINANCE).model for _ in range(3)]

    assert ["new"] * 3 == models
    assert ["personas outcome=read-anew"] == caplog.messages
    assert 0o600 == stat.S_IMODE(folder.kept.stat().st_mode)
    assert ["personas.json"] == os.listdir(folder.kept.parent)


def test_personas_kept_before_a_restart_are_void(folder: SettingsFolder) -> None:
    """A pool that started with newer settings does not use what an older one has kept."""
    older = Personas(folder.settings())
    folder.write("cocoai.ini", INI.replace("gpt-6.1-sol", "older"))
    older.for_channel(FINANCE)
    folder.write("cocoai.ini", INI.replace("gpt-6.1-sol", "newer"))
    personas = Personas(folder.settings())

    folder.write("cocoai.ini", "[torn")

    assert "newer" == personas.for_channel(FINANCE).model


@pytest.mark.parametrize(
    "damaged", ["", "{", "[]", '{"first": {}}', '{"first": [], "known": 1, "looks": 2}', "\0", "[" * 9999]
)
def test_a_damaged_kept_file_is_ignored(folder: SettingsFolder, damaged: str) -> None:
    """The file may be cut off or empty after a power cut."""
    personas = Personas(folder.settings())
    folder.kept.write_text(damaged)
    folder.write("exact.txt", "Be strict.")

    assert Persona("Be strict.", "gpt-6.1-sol") == personas.for_channel(FINANCE)


def test_without_the_kept_file_each_process_reads_for_itself(folder: SettingsFolder) -> None:
    """Where the file cannot be written, the personas are read all the same."""
    settings = folder.settings()
    master = Personas(replace(settings, paths=replace(settings.paths, var=str(folder.path / "gone"))))
    folder.write("exact.txt", "Be strict.")

    assert ["Be strict."] * 2 == [copy.copy(master).for_channel(FINANCE).instructions for _ in range(2)]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfe", "not UTF-8 text"), (b"x" * (LONGEST + 1), f"instructions are at most {LONGEST} bytes")],
)
def test_unreadable_instructions_are_an_error_at_the_start(
    folder: SettingsFolder, content: bytes, message: str
) -> None:
    """At the start there are no last good personas to go on with."""
    settings = folder.settings()
    (folder.path / "exact.txt").write_bytes(content)

    with pytest.raises(SettingsError, match=rf"exact\.txt: {message}"):
        Personas(settings)


def test_a_byte_order_mark_is_no_part_of_the_instructions(folder: SettingsFolder) -> None:
    """The mark that Windows editors put in front is removed."""
    (folder.path / "kind.txt").write_bytes("\ufeffBe kind.".encode())

    assert "Be kind." == Personas(folder.settings()).for_channel(GENERAL).instructions
