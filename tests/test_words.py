"""The fixed texts: whole in both languages, sober where they must be, the operator's own among them; the commands."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from cocoai.words import ENGLISH, JAPANESE, LANGUAGES, Phrasebook, Words, command, deep, language_of
from cocoai.words.overrides import fits, longest, overridden, placeholders, texts

pytestmark = pytest.mark.pure

WHY = {"too_big", "too_many", "kind", "login", "foreign", "gone", "unreadable", "off"}
"""Why a file is left out, as slack/api/download.py says it."""

ALL = [(language, key) for language, words in LANGUAGES.items() for key in texts(words)]


def test_both_languages_have_the_same_texts_with_the_same_placeholders() -> None:
    """No asker meets a text that is only there in the other language."""
    ours = {key: placeholders(text) for key, text in texts(JAPANESE).items()}

    assert ours == {key: placeholders(text) for key, text in texts(ENGLISH).items()}
    assert list(ours) == list(texts(ENGLISH))
    assert WHY == set(JAPANESE.why)


def test_the_placeholders_are_what_is_put_in() -> None:
    """Those of the model, of a file that was left out, and of a word that asks for another model."""
    found = {key: placeholders(text) for key, text in texts(ENGLISH).items() if placeholders(text)}
    files = {"left_out": ("{name}", "{why}"), "left_out_unnamed": ("{why}",)}

    assert {"model": ("{model}",), "help_deep": ("{model}", "{word}")} | files == found


@pytest.mark.parametrize(("language", "key"), ALL)
def test_a_text_is_fit_for_where_it_stands(language: str, key: str) -> None:
    """It reads the same as mrkdwn, as Markdown and as plain text, fits its place, and shows nothing of our inside."""
    text = texts(LANGUAGES[language])[key]

    assert text == text.strip() != ""
    assert len(text) <= longest(key)
    assert not re.search(r"~.*~|[*_`<>&#|\\]", re.sub(r"\{\w+\}", "", text))
    assert not re.search(r"[A-Z]\w+(Error|Exception)|\bkey\b|[CU]0[A-Z0-9]+|\d{10}\.", text)


@pytest.mark.parametrize(("language", "key"), ALL)
def test_a_text_is_in_its_language(language: str, key: str) -> None:
    """Emoji belong to both."""
    said = language_of(texts(LANGUAGES[language])[key])

    assert said in (language, "")
    assert (said == "") == (key in ("button_up", "button_down"))


def test_only_the_persona_has_a_voice() -> None:
    """What went wrong is said soberly."""
    plain = [field.name for field in fields(Words)][len(_voice()) :]
    said = [text for name in plain for text in _all(getattr(JAPANESE, name))]

    assert ["cut", "stopped", "empty", "refused", "late", "left_out", "left_out_unnamed"] == plain[:7]
    assert [] == [text for text in said if "にゃ" in text]
    assert "にゃ" in JAPANESE.placeholder


def _voice() -> list[str]:
    return ["placeholder", "writing", "help", "more", "started_over", "model", "thanks"]


def _all(value: str | dict[str, str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value.values())


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_the_help_tells_what_there_is(words: Words) -> None:
    """The commands always; words for models, files and buttons only where the settings have them."""
    least = words.help_with({}, files=False, buttons=False)
    most = words.help_with({"deep": "gpt-6.1-sol", "じっくり": "gpt-6-astra"}, files=True, buttons=True)

    assert words.help == least
    assert all(any(word in least for word in pair) for pair in (("続き", "continue"), ("リセット", "reset")))
    assert least.splitlines() == most.splitlines()[: least.count("\n") + 1]
    assert 4 == most.count("\n") - least.count("\n")
    assert all(told in most for told in ("PDF", "deep", "gpt-6.1-sol", "じっくり", "gpt-6-astra", "👍"))
    assert not any(told in least for told in ("PDF", "deep", "👍"))


def test_a_code_without_a_text_of_its_own() -> None:
    """The asker reads the general one."""
    assert ENGLISH.sorry["busy"] == ENGLISH.sorry_for("busy")
    assert ENGLISH.sorry[""] == ENGLISH.sorry_for("server_error")
    assert ENGLISH.refused == ENGLISH.sorry_for("refused")


# in whose language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what is a fork?", "en"),
        ("フォークって何？", "ja"),
        ("次回MTG日程", "ja"),
        ("ﾃｽﾄ", "ja"),
        ("𠮟る", "ja"),
        ("佐々木", "ja"),
        ("What does 猫 mean?", "ja"),
        ("Ça va ?", "en"),
        ("안녕하세요", ""),
        ("привет", ""),
        ("12 + 30 = ?", ""),
        ("🐈", ""),
        ("https://example.com/page", ""),
        ("https://example.com/page and this?", "en"),
        ("https://example.com/page を訳して", "ja"),
        ("", ""),
        ("a" * 400_000, "en"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    """Told by its letters."""
    assert language == language_of(text)


def test_the_asker_s_language_or_the_operator_s() -> None:
    """With auto each reads their own, and Japanese where the text does not tell; else all read the same."""
    book = Phrasebook(LANGUAGES, "auto")

    assert [ENGLISH, JAPANESE, JAPANESE] == [book.for_text(text) for text in ("why?", "なぜ？", "12?")]
    assert ENGLISH == Phrasebook(LANGUAGES, "en").for_text("なぜ？")
    assert JAPANESE == Phrasebook(LANGUAGES, "ja").for_text("why?")


# commands


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("リセット", "reset"),
        ("ﾘｾｯﾄ。", "reset"),
        ("Reset!", "reset"),
        ("ＲＥＳＥＴ！！", "reset"),
        ("ヘルプ", "help"),
        (" help \n", "help"),
        ("モデル", "model"),
        ("Model.", "model"),
        ("続き", "continue"),
        ("続き。", "continue"),
        ("　続き　！", "continue"),
        ("continue", "continue"),
        ("reset the router", ""),
        ("続きを読みたい", ""),
        ("model?", ""),
        ("", ""),
        ("!", ""),
        ("reset" + "!" * 100, ""),
    ],
)
def test_a_command_is_the_whole_text(text: str, told: str) -> None:
    """In both languages, of any case and width, with or without a full stop; anything more is a question."""
    assert told == command(text)


@pytest.mark.parametrize(
    ("text", "model", "rest"),
    [
        ("deep: why?", "sol", "why?"),
        ("Deep:why?\nand how?", "sol", "why?\nand how?"),
        ("ＤＥＥＰ：なぜ？", "sol", "なぜ？"),
        ("じっくり：なぜ: どうして？", "astra", "なぜ: どうして？"),
        ("  deep : why?", "sol", "why?"),
        ("deep:", "sol", ""),
        ("deeply: why?", "", "deeply: why?"),
        ("so deep: why?", "", "so deep: why?"),
        ("deep", "", "deep"),
        (": why?", "", ": why?"),
        ("https://example.com", "", "https://example.com"),
        ("", "", ""),
    ],
)
def test_a_word_asks_for_another_model(text: str, model: str, rest: str) -> None:
    """It stands first, with a colon of any width; without one the text stays as it is."""
    assert (model, rest) == deep(text, {"deep": "sol", "じっくり": "astra"})


# the operator's own


def test_any_text_can_be_overridden() -> None:
    """And the others stay."""
    given = {key: f"own {''.join(placeholders(text))}" for key, text in texts(ENGLISH).items()}

    assert given == texts(overridden(ENGLISH, given))
    for key, text in given.items():
        assert texts(ENGLISH) | {key: text} == texts(overridden(ENGLISH, {key: text}))


@pytest.mark.parametrize(
    ("text", "is_fit"),
    [
        ("{name}: {why}", True),
        ("{why} ({name}, {name})", True),
        ("{name}", False),
        ("{name} {why} {model}", False),
        ("{name} {why} {", False),
        ("{name} {why} {}", False),
        ("{name} {why!r}", False),
        ("{{name}} {why}", False),
    ],
)
def test_an_own_text_can_be_filled_in(text: str, is_fit: bool) -> None:
    """It has just the placeholders that ours has, and so `str.format` cannot fail on it."""
    assert is_fit == fits(text, ("{name}", "{why}"), 100)
    if is_fit:
        assert "a.pdf" in text.format(name="a.pdf", why="too big")
    assert not fits(f"{{name}} {{why}} {'x' * 100}", ("{name}", "{why}"), 100)
