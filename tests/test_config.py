"""The settings: where they come from, what is rejected and with which message, and their documentation."""

from __future__ import annotations

import configparser
import dataclasses
import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from cocoai.config import Secret, Settings, SettingsError, read, read_for_a_look
from cocoai.config.channel_settings import ChannelSettings, PersonaSettings
from cocoai.config.settings import SECTIONS, settings_of
from cocoai.config.sources import variable
from cocoai.engine.mariadb.address import Address
from cocoai.texts import ENGLISH, LANGUAGES

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent

REFERENCE = runpy.run_path(str(ROOT / "bin/settings-reference"))
"""What the script defines that writes the settings into README.md and cocoai.ini.example."""

SECRETS = {
    "SLACK_SIGNING_SECRET": "practice-signing-secret",
    "SLACK_BOT_TOKEN": "xoxb-practice",
    "OPENAI_API_KEY": "sk-practice",
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change into an empty folder, so that no cocoai.ini of this checkout is found."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def value(settings: Settings, section: str, key: str) -> Any:
    return getattr(getattr(settings, section), key)


def test_without_a_file_the_secrets_are_enough() -> None:
    """Every other setting has a default."""
    settings = read(None, SECRETS)

    assert "" == settings.file
    assert () == settings.warnings
    assert "xoxb-practice" == settings.slack.bot_token
    assert "https://slack.com/api/" == settings.slack.api_url
    assert ("asker", True, False) == (
        settings.slack.follow_ups,
        settings.slack.direct_messages,
        settings.slack.external_users,
    )
    assert (frozenset(), frozenset()) == (settings.slack.allow_channels, settings.slack.allow_users)
    assert ("gpt-6-luna", 2000, "low") == (
        settings.openai.model,
        settings.openai.max_output_tokens,
        settings.openai.reasoning_effort,
    )
    assert (5.0, 90.0, 30.0, 180.0) == (
        settings.openai.connect_timeout,
        settings.openai.first_word_timeout,
        settings.openai.silence_timeout,
        settings.openai.total_timeout,
    )
    assert ("markdown", True) == (settings.slack.format, settings.slack.interactivity)
    assert ("", "auto", 5, 12_000, 4, 100, 20_000) == dataclasses.astuple(settings.answer)
    assert ((0, 4), 60.0, 10.0, 5000, 2.0, 1.0, 4, 32, True, True) == dataclasses.astuple(settings.pool)[:-1]
    assert ("127.0.0.1", 8081) == settings.pool.status_listen
    assert os.path.join(os.getcwd(), "var") == settings.paths.var
    assert ("", "") == dataclasses.astuple(settings.network)
    assert (None, "", None) == (settings.store.url, settings.store.password, settings.store.address)
    assert PersonaSettings("", {}, {}) == settings.personas
    assert LANGUAGES == settings.texts


def test_the_file_is_looked_for_in_four_places(tmp_path: Path) -> None:
    """The order is --config, COCOAI_CONFIG, ./cocoai.ini (and /etc/cocoai/cocoai.ini, which a test cannot write)."""
    named = write(tmp_path / "named.ini", "[openai]\nmodel = named\n")
    environ = {**SECRETS, "COCOAI_CONFIG": write(tmp_path / "environ.ini", "[openai]\nmodel = environ\n")}
    here = write(tmp_path / "here" / "cocoai.ini", "[openai]\nmodel = here\n")

    assert ("named", named) == (read(named, environ).openai.model, read(named, environ).file)
    assert "environ" == read(None, environ).openai.model
    assert ("here", here) == (read(None, SECRETS).openai.model, read(None, SECRETS).file)


def test_a_named_file_must_exist() -> None:
    """A missing file that was named explicitly is an error."""
    with pytest.raises(SettingsError, match=r"gone\.ini: No such file"):
        read("gone.ini", SECRETS)


def test_the_order_is_our_variable_then_the_file_then_the_usual_variable(tmp_path: Path) -> None:
    """OPENAI_API_KEY comes last, since it may be meant for another program."""
    file = write(tmp_path / "c.ini", "[openai]\napi_key = sk-file\nmodel = file\n")

    assert "sk-file" == read(file, SECRETS).openai.api_key
    assert "sk-ours" == read(file, {**SECRETS, "COCOAI_OPENAI_API_KEY": "sk-ours"}).openai.api_key
    assert "ours" == read(file, {**SECRETS, "COCOAI_OPENAI_MODEL": "ours"}).openai.model


def test_an_empty_value_counts_as_not_given(tmp_path: Path) -> None:
    """A key without a value, or an empty variable, leaves the default."""
    file = write(tmp_path / "c.ini", "[openai]\napi_key =\nmodel =\n[slack]\nallow_users =\n")

    settings = read(file, {**SECRETS, "COCOAI_OPENAI_MODEL": " "})

    assert "gpt-6-luna" == settings.openai.model
    assert "sk-practice" == settings.openai.api_key
    assert frozenset() == settings.slack.allow_users


def test_relative_paths_start_from_the_settings_file_or_the_current_folder(tmp_path: Path) -> None:
    """Paths in the file do not depend on the current folder; paths in the environment start from it."""
    (tmp_path / "persona.txt").write_text("Be brief.")
    file = write(tmp_path / "c.ini", "[paths]\nvar = qa/var\n[answer]\ninstructions = persona.txt\n")

    assert str(tmp_path / "qa/var") == read(file, SECRETS).paths.var
    assert str(tmp_path / "persona.txt") == read(file, SECRETS).answer.instructions
    assert str(tmp_path / "here/mine") == read(file, {**SECRETS, "COCOAI_PATHS_VAR": "mine"}).paths.var


@pytest.mark.parametrize(
    ("section", "key", "text", "expected"),
    [
        ("slack", "api_url", "https://example.com/api", "https://example.com/api/"),
        ("slack", "api_url", "http://127.0.0.1:8090/api/", "http://127.0.0.1:8090/api/"),
        ("slack", "allow_channels", "C0PRACTICE, C1PRACTICE\nC2PRACTICE", {"C0PRACTICE", "C1PRACTICE", "C2PRACTICE"}),
        ("slack", "external_users", "Yes", True),
        ("slack", "direct_messages", "0", False),
        ("slack", "update_interval", "0.5", 0.5),
        ("slack", "format", "mrkdwn", "mrkdwn"),
        ("slack", "interactivity", "off", False),
        ("answer", "language", "en", "en"),
        ("answer", "attachments_mib", "0", 0),
        ("answer", "max_attachment_tokens", "20000", 20_000),
        ("openai", "base_url", "http://[::1]:11434/v1/", "http://[::1]:11434/v1"),
        ("openai", "base_url", "http://localhost/v1", "http://localhost/v1"),
        ("pool", "workers", "3", (3, 3)),
        ("pool", "workers", "1..4", (1, 4)),
        ("pool", "workers", "0 .. 64", (0, 64)),
        ("pool", "workers", "2..2", (2, 2)),
        ("pool", "immortals", "off", False),
        ("pool", "self_check", "off", False),
        ("pool", "status_listen", "[::1]:80", ("::1", 80)),
        ("pool", "status_listen", "off", None),
        ("pool", "status_listen", "0", None),
        ("network", "proxy", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("store", "url", "mariadb://cocoai@DB.example:3306/team?tls=on", Address("team", "cocoai", host="db.example")),
        ("store", "password", "p%;#ss", "p%;#ss"),
    ],
)
def test_a_value_is_converted_to_its_type(section: str, key: str, text: str, expected: object) -> None:
    """All spellings of a value give the same result."""
    settings = read(None, {**SECRETS, variable(section, key): text})

    assert expected == value(settings, section, key)


@pytest.mark.parametrize(
    ("section", "key", "text", "allowed"),
    [
        ("slack", "follow_ups", "always", "asker, answered or mention"),
        ("slack", "direct_messages", "maybe", "on or off"),
        ("slack", "allow_channels", "#general", "IDs such as C0123456789, with spaces or commas between"),
        ("slack", "update_interval", "0", "0.1 to 60 s"),
        ("slack", "api_url", "http://slack.com/api/", "an https:// address, or http:// on this machine"),
        ("slack", "api_url", "slack.com/api", "an https:// address"),
        ("openai", "base_url", "https://example.com/v1?key=1", "without user, password or query"),
        ("openai", "base_url", "https://example.com:99999/v1", "an https:// address"),
        ("openai", "base_url", "http://127.0.0.1.example.com/v1", "http:// on this machine"),
        ("openai", "model", "two words", "a name without spaces"),
        ("openai", "max_output_tokens", "2k", "16 to 128000"),
        ("openai", "total_timeout", "nan", "0.1 to 3600 s"),
        ("openai", "first_word_timeout", "181", "at most total_timeout, 180 s"),
        ("openai", "reasoning_effort", "hard", "none, minimal, low, medium, high, xhigh or max"),
        ("answer", "instructions", "gone.txt", "a file that can be read"),
        ("slack", "format", "html", "markdown or mrkdwn"),
        ("answer", "round_trips", "-1", "0 to 100"),
        ("answer", "language", "fr", "auto, ja or en"),
        ("answer", "attachments_mib", "21", "0 to 20"),
        ("answer", "max_attachment_tokens", "-1", "0 to 1000000"),
        ("answer", "attachment_text_kib", "0", "1 to 1000"),
        ("channel C0123456789", "model", "two words", "a name without spaces"),
        ("channel C0123456789", "instructions", "gone.txt", "a file that can be read"),
        ("models", "deep", "two words", "a name without spaces"),
        ("words ja", "model", "モデルです", "a text with {model}, of at most 3000 characters"),
        ("words en", "left_out", "Not {name}", "a text with {name} and {why}, "),
        ("words en", "thanks", "Thanks, {name}", "a text without braces, of at most 3000 characters"),
        ("words en", "help_deep", "{word}: {model} {", "a text with {model} and {word}, "),
        ("words en", "button_stop", "S" * 76, "a text without braces, of at most 75 characters"),
        ("words en", "button_delete_confirm", "S" * 301, "at most 300 characters"),
        ("pool", "workers", "0", "1 to 64"),
        ("pool", "workers", "0..0", "or a range such as 1..4 or 0..4"),
        ("pool", "workers", "4..1", "or a range such as 1..4 or 0..4"),
        ("pool", "workers", "1..65", "1 to 64"),
        ("pool", "workers", "1..", "1 to 64"),
        ("pool", "workers", "..4", "1 to 64"),
        ("pool", "workers", "1...4", "1 to 64"),
        ("pool", "idle_timeout", "0", "1 to 86400 s"),
        ("pool", "max_worker_mib", "7", "8 to 4096"),
        ("pool", "status_listen", "8081", "an address with a port, or off"),
        ("pool", "status_listen", "on", "an address with a port, or off"),
        ("pool", "status_listen", "127.0.0.1:0", "an address with a port, or off"),
        ("pool", "request_timeout", "3", "0.1 to 2.5 s"),
        ("store", "url", "mysql://db.example/cocoai", "mariadb://USER@HOST/DATABASE, "),
        ("store", "url", "db.example", "mariadb://USER@HOST/DATABASE, "),
    ],
)
def test_a_wrong_value_is_reported_with_what_is_allowed(
    tmp_path: Path, section: str, key: str, text: str, allowed: str
) -> None:
    """The error names section, key, value and the allowed values, for the file as for the environment."""
    file = write(tmp_path / "c.ini", f"[{section}]\n{key} = {text}\n")

    for path, environ in ((file, SECRETS), (None, {**SECRETS, variable(section, key): text})):
        with pytest.raises(SettingsError) as caught:
            read(path, environ)

        assert (section, key, text) == (caught.value.section, caught.value.key, caught.value.value)
        assert allowed in caught.value.allowed
        assert f"[{section}] {key} = {text} is not allowed; it is {caught.value.allowed} (" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[slak]\n",
            r"\[slak\] is no section; there are slack, openai, answer, pool, budget, speech, images, documents, ",
        ),
        ("[DEFAULT]\nmodel = m\n", r"\[DEFAULT\] is no section"),
        (
            "[slak]\n",
            r"images, documents, history, store, paths, network, models, prices, reactions, readers, channel ID, ",
        ),
        ("[slak]\n", r"channel ID, words ja, words en$"),
        ("[channel general]\n", r"\[channel general\] is no section; .* as in \[channel C0123456789\]"),
        ("[channel U0123456789]\n", r"\[channel U0123456789\] is no section; a channel is named by its ID"),
        ("[channel  C0123456789]\n", r"\[channel  C0123456789\] is no section"),
        ("[channel]\n", r"\[channel\] is no section; a channel is named by its ID"),
        ("[channel C01]\nlanguage = ja\n", r"\[channel C01\] has instructions, model$"),
        ("[words fr]\n", r"\[words fr\] is no section; there are slack, "),
        ("[words ja]\nhlep = x\n", r"\[words ja\] hlep is no setting; \[words ja\] has placeholder, writing, help, "),
        ("[models]\ntwo words = m\n", r"\[models\] two words is not allowed; it is a word without spaces or colons"),
        ("[models]\nｄｅｅｐ： = m\n", "is not allowed; it is a word without spaces or colons"),
        ("[models]\ndeep = a\nｄｅｅｐ = b\n", r"\[models\] ｄｅｅｐ is not allowed; .* given once"),
        ("[slack]\nbot_tokn = x\n", r"\[slack\] bot_tokn is no setting; \[slack\] has signing_secret, bot_token, "),
        ("[pool]\nslots = 1\nslots = 2\n", r"line 3: \[pool\] slots is given twice"),
        ("[pool]\n[pool]\n", r"line 2: \[pool\] is there twice"),
        ("slots = 1\n", r"line 1 stands before the first \[section\]"),
        ("[pool]\n\nslots\n", r"line 3 is neither `key = value` nor a \[section\]"),
    ],
)
def test_a_file_with_unknown_names_or_wrong_syntax_is_rejected(tmp_path: Path, text: str, message: str) -> None:
    """A misspelt key is an error: otherwise its default would be used unnoticed."""
    with pytest.raises(SettingsError, match=message):
        read(write(tmp_path / "c.ini", text), SECRETS)


def test_an_unknown_key_in_the_environment_is_rejected() -> None:
    """Only variables that begin with a section's name are checked; COCOAI_ANYTHING_ELSE is ignored."""
    assert read(None, {**SECRETS, "COCOAI_OTHER": "1", "COCOAI_TESTS": "1"})

    for name in ("COCOAI_POOL_WORKER", "COCOAI_CHANNEL_C0123_PERSONA", "COCOAI_WORDS_JA_HLEP"):
        with pytest.raises(SettingsError, match=f"{name} in the environment is no setting"):
            read(None, {**SECRETS, name: "1"})
    for name, section in (("COCOAI_CHANNEL_TEAM_MODEL", "channel TEAM"), ("COCOAI_WORDS_FR_HELP", "words fr")):
        with pytest.raises(SettingsError, match=rf"the environment: \[{section}\] is no section"):
            read(None, {**SECRETS, name: "1"})


NAMED = {
    "[channel C0123]\nmodel = gpt-6.1-sol\n[channel D0123]\ninstructions = us.txt\n": {
        "COCOAI_CHANNEL_C0123_MODEL": "gpt-6.1-sol",
        "COCOAI_CHANNEL_D0123_INSTRUCTIONS": "us.txt",
    },
    "[models]\nＤｅｅｐ = gpt-6.1-sol\nじっくり = gpt-6-astra\nidle =\n": {
        "COCOAI_MODELS_DEEP": "gpt-6.1-sol",
        "COCOAI_MODELS_じっくり": "gpt-6-astra",
        "COCOAI_MODELS_IDLE": "",
    },
    "[words ja]\nplaceholder = はい\\nただいま\n[words en]\nsorry = Sorry!\nmodel = I am {model}\n": {
        "COCOAI_WORDS_JA_PLACEHOLDER": "はい\\nただいま",
        "COCOAI_WORDS_EN_SORRY": "Sorry!",
        "COCOAI_WORDS_EN_MODEL": "I am {model}",
    },
}


@pytest.mark.parametrize(("text", "environ"), NAMED.items(), ids=["channels", "models", "words"])
def test_sections_that_the_operator_names(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    """[channel ID], [models] and [words ja] are read alike from the file and from the environment."""
    us = write(tmp_path / "here" / "us.txt", "Be brief.")

    for settings in (read(write(tmp_path / "here" / "c.ini", text), SECRETS), read(None, {**SECRETS, **environ})):
        if "[channel" in text:
            assert {
                "C0123": ChannelSettings("", "gpt-6.1-sol"),
                "D0123": ChannelSettings(us, ""),
            } == settings.personas.channels
        elif "[models]" in text:
            assert {"deep": "gpt-6.1-sol", "じっくり": "gpt-6-astra"} == settings.personas.models
        else:
            texts = settings.texts["en"]
            assert "はい\nただいま" == settings.texts["ja"].placeholder
            assert ("Sorry!", ENGLISH.sorry["busy"]) == (texts.error_text("no such code"), texts.error_text("busy"))
            assert ("I am {model}", ENGLISH.help) == (texts.model, texts.help)


def test_bytes_that_are_not_utf_8_are_rejected() -> None:
    """The environment can hold such bytes, but Slack and OpenAI do not accept them."""
    for name, text in (("COCOAI_WORDS_JA_HELP", "\udcff"), ("COCOAI_MODELS_\udcff", "gpt-6.1-sol")):
        with pytest.raises(SettingsError, match="is not allowed; it is a "):
            read(None, {**SECRETS, name: text})


def test_the_environment_overrides_single_keys_of_named_sections(tmp_path: Path) -> None:
    """The keys of a section that the environment does not have are those of the file."""
    file = write(tmp_path / "c.ini", "[models]\ndeep = a\nfast = b\n[channel C01]\nmodel = a\n")

    personas = read(file, {**SECRETS, "COCOAI_MODELS_DEEP": "c", "COCOAI_CHANNEL_C01_MODEL": "d"}).personas

    assert {"deep": "c", "fast": "b"} == personas.models
    assert {"C01": ChannelSettings("", "d")} == personas.channels


def test_missing_secrets_are_all_named_with_their_variables() -> None:
    """One error names every missing secret, its key and its variable."""
    with pytest.raises(SettingsError) as caught:
        read(None, {})

    message = str(caught.value)
    assert "missing: [slack] signing_secret in cocoai.ini, or SLACK_SIGNING_SECRET; " in message
    assert "[slack] bot_token in cocoai.ini, or SLACK_BOT_TOKEN; " in message
    assert message.endswith("[openai] api_key in cocoai.ini, or OPENAI_API_KEY in the environment")
    assert ("slack", "signing_secret") == (caught.value.section, caught.value.key)


def test_secrets_are_not_required_when_the_caller_says_so() -> None:
    """A command that only looks into a folder, such as `cocoai spool list`, works without them."""
    assert "" == read(None, {}, secrets=False).slack.bot_token


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    """Neither a repr nor an error contains a secret, whatever else is wrong with the file."""
    keys = ("SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "OPENAI_API_KEY", "NETWORK_PROXY", "STORE_PASSWORD")
    names = [f"COCOAI_{key}" for key in keys]
    hidden = "http://user:hush@proxy.example:3128"
    settings = read(None, {**SECRETS, "COCOAI_NETWORK_PROXY": hidden})
    shown = [repr(settings), str(settings)]
    for name in names:
        with pytest.raises(SettingsError) as caught:
            read(None, {**SECRETS, name: "hush hush"})
        shown += [str(caught.value), repr(caught.value), caught.value.value]
    for text in ("[slack]\nhush\n", "[slack]\nhush_token: hush\nhush\n", "token = hush\n", "[slack]\nsecret = hush\n"):
        with pytest.raises(SettingsError) as caught:
            read(write(tmp_path / "c.ini", text.replace("hush_token", "bot_token")), SECRETS)
        shown += [str(caught.value), repr(caught.value)]
    with pytest.raises(SettingsError) as caught:
        read(None, {**SECRETS, "COCOAI_OPENAI_BASE_URL": "https://user:hush@example.com/v1"})
    shown += [str(caught.value), caught.value.value]
    for text in ("mariadb://user:hush@db/cocoai", "mariadb://user:hu/hush@db/cocoai", "user:hush@db", "u:hush\n@db"):
        with pytest.raises(SettingsError, match="the password is a setting of its own") as caught:
            read(None, {**SECRETS, "COCOAI_STORE_URL": text})
        shown += [str(caught.value), caught.value.value]
    in_database = {"COCOAI_STORE_URL": "mariadb://user@db/cocoai", "COCOAI_STORE_PASSWORD": "hush"}
    store = read(None, {**SECRETS, **in_database}).store
    shown += [repr(store), repr(store.address), str(store.address)]

    assert store.address
    assert "hush" == store.address.password
    assert hidden == settings.network.proxy
    assert [] == [text for text in shown if "hush" in text or "practice" in text]


def test_the_repr_of_a_secret_reveals_nothing() -> None:
    """The repr is the same for secrets of any length."""
    assert repr(Secret("a")) == repr(Secret("much longer"))


def test_a_file_that_everybody_can_read_gives_a_warning(tmp_path: Path) -> None:
    """A file that only its group can read gives none."""
    file = write(tmp_path / "c.ini", "[pool]\nslots = 8\n")
    os.chmod(file, 0o640)
    assert () == read(file, SECRETS).warnings

    os.chmod(file, 0o644)
    settings = read(file, SECRETS)

    assert (f"{file} can be read by everybody on this machine: chmod 600 {file}",) == settings.warnings
    assert 8 == settings.pool.slots


def test_a_file_written_on_windows_is_read(tmp_path: Path) -> None:
    """A byte order mark and CRLF are accepted."""
    file = tmp_path / "c.ini"
    file.write_bytes(b"\xef\xbb\xbf[pool]\r\nslots = 8\r\n")
    file.chmod(0o600)

    assert 8 == read(str(file), SECRETS).pool.slots


def test_the_example_file_is_up_to_date() -> None:
    """The file cocoai.ini.example is what bin/settings-reference writes; run that if this fails."""
    assert REFERENCE["example"]() == (ROOT / "cocoai.ini.example").read_text(encoding="utf-8")


def test_the_example_file_gives_the_defaults(tmp_path: Path) -> None:
    """The example gives the defaults as it is, and also with every # removed."""
    example = (ROOT / "cocoai.ini.example").read_text(encoding="utf-8")
    fixed = example[: example.index("#[channel")]
    opened = re.sub(r"^#(?=[a-z_]+ =)", "", fixed, flags=re.MULTILINE)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(opened)

    assert {name: list(settings_of(name)) for name in SECTIONS} == {
        name: list(parser[name]) for name in parser.sections()
    }
    for text in (example, opened):
        settings = read(write(tmp_path / "here" / "c.ini", text), SECRETS)
        assert dataclasses.replace(read(None, SECRETS), file=settings.file) == settings


def test_the_example_file_s_named_sections_are_valid(tmp_path: Path) -> None:
    """The example's named sections are valid once the # are removed and the file that they name exists."""
    example = (ROOT / "cocoai.ini.example").read_text(encoding="utf-8")
    opened = re.sub(r"^#(?=\[|[a-z]+ =)", "", example[example.index("#[channel") :], flags=re.MULTILINE)
    finance = write(tmp_path / "here" / "finance.txt", "Mind the money.")

    settings = read(write(tmp_path / "here" / "c.ini", opened), SECRETS)

    assert {"C0123456789": ChannelSettings(finance, "gpt-6.1-sol")} == settings.personas.channels
    assert {"deep": "gpt-6.1-sol"} == settings.personas.models
    assert "少々お待ちください" == settings.texts["ja"].placeholder


def test_the_readme_lists_every_setting() -> None:
    """README.md has every line that bin/settings-reference writes; run that if this fails."""
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README.md yet")

    text = readme.read_text(encoding="utf-8")

    assert [] == [line for line in REFERENCE["tables"]().splitlines() if line not in text]


def test_every_setting_is_described_and_fits_the_table() -> None:
    """Every setting has a description, and no cell or sentence contains a |."""
    for line in REFERENCE["tables"]().splitlines():
        assert line.count("|") == (5 if line.startswith("|") else 0)
    for section in (*SECTIONS, REFERENCE["CHANNEL"]):
        assert all(each.description and each.value_type.allowed for each in settings_of(section).values())


WRONG = {
    "a wrong value": "[pool]\nslots = many\n",
    "an unknown key": "[slack]\nbot_tokn = xoxb-secret\n",
    "no section": "slots = 4\n",
    "a line that is nothing": "[slack]\nxoxb-secret\n",
    "a key twice": "[slack]\nformat = mrkdwn\nformat = mrkdwn\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_look_needs_only_the_folder(tmp_path: Path, text: str) -> None:
    """Whatever else is wrong: the folder is known, and what is wrong is told without a secret."""
    file = tmp_path / "cocoai.ini"
    file.write_text(f"{text}[paths]\n  var = data\n")

    settings = read_for_a_look(str(file), {})

    assert str(tmp_path / "data") == settings.paths.var
    assert settings.error
    assert "xoxb-" not in settings.error
    with pytest.raises(SettingsError, match=re.escape(settings.error)):
        read(str(file), {}, secrets=False)


def test_a_look_with_right_settings_reads_them_all(tmp_path: Path) -> None:
    """Nothing is wrong then."""
    file = tmp_path / "cocoai.ini"
    file.write_text("[pool]\nslots = 7\n")

    settings = read_for_a_look(str(file), {})

    assert (7, "") == (settings.pool.slots, settings.error)


@pytest.mark.parametrize("name", ["missing.ini", "."])
def test_without_a_file_there_is_no_look(tmp_path: Path, name: str) -> None:
    """The folder cannot be known, unless the environment names it."""
    with pytest.raises(SettingsError):
        read_for_a_look(str(tmp_path / name), {})


# [reactions]


def test_reactions_have_a_table_that_the_operator_changes(tmp_path: Path) -> None:
    """Each emoji has one task, and `off` takes one away."""
    lines = ["flag-be = translate nl", "books = summarize", "pencil2 = proofread", "jp = off"]
    lines += ["flag-br = Translate PT_BR"]
    tasks = read(write(tmp_path / "c.ini", "\n".join(["[reactions]", *lines])), SECRETS).reactions

    found = [tasks.get(name) for name in ("flag-be", "books", "pencil2", "jp", "flag-br", "flag-jp")]
    assert [
        ("translate", "nl"),
        ("summarize", ""),
        ("proofread", ""),
        None,
        ("translate", "pt-br"),
        ("translate", "ja"),
    ] == found


def test_without_the_built_in_table_only_the_own_is_left(tmp_path: Path) -> None:
    """By default there is a flag for each language that has a country of its own."""
    assert {"memo", "flag-jp", "jp", "us"} <= read(None, SECRETS).reactions.keys()
    file = write(tmp_path / "c.ini", "[reactions]\nbuilt_in = off\nbooks = summarize\n")
    assert ["books"] == list(read(file, SECRETS).reactions)


def test_a_workspaces_own_emoji_may_be_in_any_letters(tmp_path: Path) -> None:
    file = write(tmp_path / "c.ini", "[reactions]\nbuilt_in = off\n英語で = translate en\nété_+1 = summarize\n")
    assert ["英語で", "été_+1"] == list(read(file, SECRETS).reactions)


def test_reactions_and_prices_may_stand_in_the_environment() -> None:
    """As every other key, and in place of the file's."""
    own = {"COCOAI_REACTIONS_JP": "off", "COCOAI_REACTIONS_BOOKS": "summarize", "COCOAI_PRICES_M1": "free"}
    settings = read(None, {**SECRETS, **own})
    assert ["summarize", None] == [getattr(settings.reactions.get(each), "kind", None) for each in ("books", "jp")]
    assert ["m1"] == list(settings.prices)
    with pytest.raises(SettingsError, match=r"\[prices\] m1 = cheap is not allowed.*COCOAI_PRICES_M1 in the environ"):
        read(None, {**SECRETS, "COCOAI_PRICES_M1": "cheap"})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("jp = translate", r"\[reactions\] jp = translate is not allowed; it is `translate` with a language's code"),
        ("jp = translate xx", "translate xx is not allowed"),
        ("jp = summarize ja", "summarize ja is not allowed"),
        ("jp = dance", "dance is not allowed"),
        ("two words = summarize", "two words is not allowed; it is an emoji's name"),
        ("🇯🇵 = translate ja", "🇯🇵 is not allowed; it is an emoji's name"),
        ("built_in = maybe", "maybe is not allowed; it is on or off"),
    ],
)
def test_a_wrong_reaction_is_named(tmp_path: Path, line: str, message: str) -> None:
    """Nothing is guessed: what is meant costs money."""
    with pytest.raises(SettingsError, match=message):
        read(write(tmp_path / "c.ini", f"[reactions]\n{line}\n"), SECRETS)
