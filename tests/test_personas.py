"""Who answers where: read anew when a file has changed, by one process for all; what is broken changes nothing."""

from __future__ import annotations

import copy
import logging
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cocoai.config import Persona, Personas, Settings, SettingsError, read
from cocoai.config.personas import LONGEST, OURS

pytestmark = pytest.mark.pure

SECRETS = {
    "SLACK_SIGNING_SECRET": "hush-signing",
    "SLACK_BOT_TOKEN": "xoxb-hush",
    "OPENAI_API_KEY": "sk-hush",
}

GENERAL, FINANCE = "C0GENERAL", "C0FINANCE"


@dataclass
class Office:
    """A folder with cocoai.ini in it, and instructions beside."""

    folder: Path

    def write(self, name: str, text: str) -> str:
        """Put a file in another's place, as editors do."""
        path = self.folder / name
        unfinished = path.with_name(f"{name}~")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(path)
        return str(path)

    def settings(self, **environ: str) -> Settings:
        return read(str(self.folder / "cocoai.ini"), {**SECRETS, **environ})

    @property
    def kept(self) -> Path:
        return self.folder / "var/run/personas.json"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Everybody is answered kindly, the finance channel exactly, and by another model."""
    made = Office(tmp_path)
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


def test_without_settings_it_is_our_own_persona(tmp_path: Path) -> None:
    """In every channel, with the settings' model."""
    personas = Personas(read(None, {**SECRETS, "COCOAI_PATHS_VAR": str(tmp_path)}))

    assert Persona(Path(OURS).read_text("utf-8"), "") == personas.for_channel(GENERAL)
    assert {} == personas.models()


def test_a_channel_has_its_own_and_the_rest_is_everybody_s(office: Office) -> None:
    """Instructions and model, each for itself."""
    office.write(
        "cocoai.ini", f"{INI}[channel C0MODEL]\nmodel = gpt-6-astra\n[channel C0TEXT]\ninstructions = exact.txt\n"
    )

    personas = Personas(office.settings())

    assert Persona("Be kind.", "") == personas.for_channel(GENERAL)
    assert Persona("Be exact.", "gpt-6.1-sol") == personas.for_channel(FINANCE)
    assert Persona("Be kind.", "gpt-6-astra") == personas.for_channel("C0MODEL")
    assert Persona("Be exact.", "") == personas.for_channel("C0TEXT")
    assert {"deep": "gpt-6.1-sol"} == personas.models()


@pytest.mark.parametrize("name", ["kind.txt", "exact.txt"])
def test_a_change_of_instructions_is_seen_at_the_next_question(office: Office, name: str) -> None:
    """Without a restart, in the channel that it is for."""
    personas = Personas(office.settings())
    before = [personas.for_channel(channel).instructions for channel in (GENERAL, FINANCE)]

    office.write(name, "Be brief.")

    changed = ["Be brief." if text.lower() == f"be {name[:-4]}." else text for text in before]
    assert changed == [personas.for_channel(channel).instructions for channel in (GENERAL, FINANCE)]


def test_a_change_of_the_settings_file_is_seen_too(office: Office) -> None:
    """Channels and words for models come and go; all else in the file waits for HUP."""
    personas = Personas(office.settings())

    office.write(
        "cocoai.ini", f"[answer]\ninstructions = exact.txt\n[channel {GENERAL}]\nmodel = m\n[models]\nfast = f\n"
    )

    assert Persona("Be exact.", "m") == personas.for_channel(GENERAL)
    assert Persona("Be exact.", "") == personas.for_channel(FINANCE)
    assert {"fast": "f"} == personas.models()


def test_a_change_while_the_pool_starts_is_not_missed(office: Office) -> None:
    """Between the reading of the settings and the first question."""
    settings = office.settings()
    office.write("cocoai.ini", INI.replace("gpt-6.1-sol", "late"))

    assert "late" == Personas(settings).for_channel(FINANCE).model


def test_the_environment_stays_before_the_file(office: Office) -> None:
    """Also when the file is read again."""
    environ = {f"COCOAI_CHANNEL_{FINANCE}_MODEL": "ours", "COCOAI_MODELS_DEEP": "ours"}
    personas = Personas(office.settings(**environ), environ)
    office.write("cocoai.ini", INI.replace("gpt-6.1-sol", "another"))

    assert Persona("Be exact.", "ours") == personas.for_channel(FINANCE)
    assert {"deep": "ours"} == personas.models()


def test_nothing_is_read_while_nothing_has_changed(office: Office) -> None:
    """A question costs a look at each file."""
    personas = Personas(office.settings())
    for_nothing = _reads() - _reads()

    before = _reads()
    personas.for_channel(FINANCE)
    after = _reads()

    assert for_nothing == before - after


def _reads() -> int:
    """How often this process has called read(2); to look at it is always as many."""
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
def test_a_broken_file_leaves_the_last_good_and_is_told_of_once(
    office: Office, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """By the first process to see it, however many questions and processes follow; no secret is told."""
    master = Personas(office.settings())
    office.write("cocoai.ini", INI.replace("gpt-6.1-sol", "good"))
    assert "good" == copy.copy(master).for_channel(FINANCE).model

    office.write("cocoai.ini", text)

    for process in (copy.copy(master), copy.copy(master), master):
        for _ in range(3):
            assert Persona("Be exact.", "good") == process.for_channel(FINANCE)
            assert {"deep": "good"} == process.models()
    assert 1 == len([it for it in caplog.records if it.levelno >= logging.WARNING])
    assert "hush" not in caplog.text + office.kept.read_text()


def test_what_is_mended_counts_again(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """A file that was named too early is waited for; one that went away may come back."""
    personas = Personas(office.settings())
    caplog.set_level(logging.INFO)
    office.write("cocoai.ini", INI.replace("exact.txt", "new.txt"))
    assert "Be exact." == personas.for_channel(FINANCE).instructions

    office.write("new.txt", "Be new.")
    assert "Be new." == personas.for_channel(FINANCE).instructions

    (office.folder / "new.txt").unlink()
    assert "Be new." == personas.for_channel(FINANCE).instructions

    office.write("new.txt", "Be newer.")
    assert "Be newer." == personas.for_channel(FINANCE).instructions
    assert ["WARNING", "INFO", "WARNING", "INFO"] == [it.levelname for it in caplog.records]


def test_one_process_reads_for_all(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """The next finds it in a file that only we can read."""
    caplog.set_level(logging.INFO)
    master = Personas(office.settings())
    office.write("cocoai.ini", INI.replace("gpt-6.1-sol", "new"))

    models = [copy.copy(master).for_channel(FINANCE).model for _ in range(3)]

    assert ["new"] * 3 == models
    assert ["personas outcome=read-anew"] == caplog.messages
    assert 0o600 == stat.S_IMODE(office.kept.stat().st_mode)
    assert ["personas.json"] == os.listdir(office.kept.parent)


def test_what_was_kept_before_a_restart_is_void(office: Office) -> None:
    """A pool that began with newer settings does not go back to what an older one had kept."""
    older = Personas(office.settings())
    office.write("cocoai.ini", INI.replace("gpt-6.1-sol", "older"))
    older.for_channel(FINANCE)
    office.write("cocoai.ini", INI.replace("gpt-6.1-sol", "newer"))
    personas = Personas(office.settings())

    office.write("cocoai.ini", "[torn")

    assert "newer" == personas.for_channel(FINANCE).model


@pytest.mark.parametrize(
    "odd", ["", "{", "[]", '{"first": {}}', '{"first": [], "known": 1, "looks": 2}', "\0", "[" * 9999]
)
def test_an_odd_file_is_as_none(office: Office, odd: str) -> None:
    """A power cut may leave half of it, or nothing."""
    personas = Personas(office.settings())
    office.kept.write_text(odd)
    office.write("exact.txt", "Be strict.")

    assert Persona("Be strict.", "gpt-6.1-sol") == personas.for_channel(FINANCE)


def test_where_nothing_can_be_kept_each_reads_for_itself(office: Office) -> None:
    """A full disk does not stop an answer."""
    settings = office.settings()
    master = Personas(replace(settings, paths=replace(settings.paths, var=str(office.folder / "gone"))))
    office.write("exact.txt", "Be strict.")

    assert ["Be strict."] * 2 == [copy.copy(master).for_channel(FINANCE).instructions for _ in range(2)]


@pytest.mark.parametrize(
    ("written", "told"),
    [(b"\xff\xfe", "not UTF-8 text"), (b"x" * (LONGEST + 1), f"instructions are at most {LONGEST} bytes")],
)
def test_at_the_start_what_cannot_be_read_is_refused(office: Office, written: bytes, told: str) -> None:
    """Then there is no last good, and somebody is looking."""
    settings = office.settings()
    (office.folder / "exact.txt").write_bytes(written)

    with pytest.raises(SettingsError, match=rf"exact\.txt: {told}"):
        Personas(settings)


def test_a_mark_of_windows_is_no_part_of_the_instructions(office: Office) -> None:
    """A byte order mark before them is passed over."""
    (office.folder / "kind.txt").write_bytes("\ufeffBe kind.".encode())

    assert "Be kind." == Personas(office.settings()).for_channel(GENERAL).instructions
