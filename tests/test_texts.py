"""The fixed texts: complete in both languages, and replaced by the operator's; the commands."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_args

import pytest

from cocoai.slack.api.file_reader import Why
from cocoai.texts import ENGLISH, JAPANESE, LANGUAGES, Texts, TextsByLanguage, command, language_of, split_model_prefix
from cocoai.texts.overrides import by_key, fits, longest, overridden, placeholders
from tests.each_case import check_each

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

WHY = set(get_args(Why))
"""The reasons for which slack/api/download.py leaves a file out, or reads only a part of it."""

ALL = [(language, key) for language, texts in LANGUAGES.items() for key in by_key(texts)]


def test_both_languages_have_the_same_texts_with_the_same_placeholders() -> None:
    """The keys, their order and their placeholders are the same in Japanese and English."""
    found = {key: placeholders(text) for key, text in by_key(JAPANESE).items()}

    assert found == {key: placeholders(text) for key, text in by_key(ENGLISH).items()}
    assert list(found) == list(by_key(ENGLISH))
    assert WHY == set(JAPANESE.why)


def test_only_these_texts_have_placeholders() -> None:
    """The placeholders are those that the code fills in; tests/test_budget.py has those of money."""
    texts = by_key(ENGLISH).items()
    found = {key: placeholders(text) for key, text in texts if placeholders(text) and not key.startswith("usage_")}
    files = {"left_out": ("{name}", "{why}"), "left_out_unnamed": ("{why}",), "read_partly": ("{name}", "{why}")}

    others = {"too_many": ("{seconds}",), "help_deep": ("{model}", "{word}"), "retry": ("{n}", "{seconds}", "{why}")}

    budget = {f"sorry_budget_{scope}": ("{month}", "{year}") for scope in ("team", "person", "channel")}

    wrong = ("slack", "slack_away", "openai", "openai_away", "signature", "scope")
    troubles = {f"trouble_{source}": ("{code}", "{since}") for source in wrong}

    pictures = {"picture_drawn": ("{model}", "{prompt}")}
    documents = {"document_found": ("{words}",), "document_nothing": ("{words}",), "document_sources": ("{sources}",)}
    tasks = dict.fromkeys(("help_translate", "help_summarize"), ("{emoji}",))
    forgotten = {f"forgotten_{name}": ("{n}",) for name in ("thread", "box", "everywhere", "waiting")}
    forgotten["forgotten_stays"] = ("{days}",)
    cut = dict.fromkeys(("cut_button", "unfinished_button", "task_done_button"), ("{button}",))

    ours = forgotten | pictures | documents | tasks | cut
    assert {"model": ("{model}",)} | ours | others | files | budget | troubles == found


def test_a_text_is_plain_and_short_enough() -> None:
    """A text looks the same as mrkdwn, Markdown and plain text, fits its place, and names nothing internal."""

    def check(case: tuple[str, str]) -> None:
        language, key = case
        text = by_key(LANGUAGES[language])[key]

        assert text == text.strip() != ""
        assert len(text) <= longest(key)
        assert not re.search(r"~.*~|[*_`<>&#|\\]", re.sub(r"\{\w+\}", "", text))
        assert not re.search(r"[A-Z]\w+(Error|Exception)|\bkey\b|[CU]0[A-Z0-9]+|\d{10}\.", text)

    check_each(check, ALL)


def test_a_text_is_in_its_language() -> None:
    """Only the texts of emoji alone are in no language."""

    def check(case: tuple[str, str]) -> None:
        language, key = case
        found = language_of(by_key(LANGUAGES[language])[key])

        assert found in (language, "")
        assert (found == "") == (key in ("button_up", "button_down"))

    check_each(check, ALL)


def test_the_notices_are_sober() -> None:
    """The persona's にゃ stands in no text that tells what happened."""
    notices = [field.name for field in fields(Texts)][len(_voice()) :]
    found = [text for name in notices for text in _all(getattr(JAPANESE, name))]

    first = ["cut", "filtered", "unfinished", "stopped", "thinking", "retry", "empty", "nothing", "refused", "late"]
    assert first == notices[:10]
    assert ["left_out", "left_out_unnamed", "read_partly", "nothing_read"] == notices[10:14]
    assert [] == [text for text in found if "にゃ" in text]
    assert "にゃ" in JAPANESE.placeholder


def _voice() -> list[str]:
    return ["placeholder", "writing", "help", "more", "started_over", "forgotten", "model", "thanks"]


def _all(value: str | dict[str, str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value.values())


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_the_help_names_what_the_settings_offer(texts: Texts) -> None:
    """The help names the commands and how to go on, and models, files and buttons only if the settings have them."""
    least = texts.help_text({}, follow_ups=False, files=False, buttons=False)
    models = {"deep": "gpt-6.1-sol", "じっくり": "gpt-6-astra"}
    most = texts.help_text(models, follow_ups=True, files=True, buttons=True)

    assert "\n".join((texts.help, texts.more["mentions"], texts.more["commands"])) == least
    assert most.startswith("\n".join((texts.help, texts.more["follow_ups"], texts.more["commands"])))
    assert all(any(word in least for word in pair) for pair in (("続き", "continue"), ("リセット", "reset")))
    assert 4 == most.count("\n") - least.count("\n")
    assert all(text in most for text in ("PDF", "deep", "gpt-6.1-sol", "じっくり", "gpt-6-astra", "👍"))
    assert not any(text in least for text in ("PDF", "deep", "👍"))


def test_an_unknown_error_code_has_the_general_text() -> None:
    """Only a known code has a text of its own."""
    assert ENGLISH.sorry["busy"] == ENGLISH.error_text("busy")
    assert ENGLISH.sorry[""] == ENGLISH.error_text("server_error")
    assert ENGLISH.refused == ENGLISH.error_text("refused")


# the asker's language


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
    """The letters outside URLs decide, and Japanese ones come first."""
    assert language == language_of(text)


def test_the_setting_or_the_question_chooses_the_language() -> None:
    """With `auto` each question's language is used, and Japanese if it shows none; else the setting's."""
    texts = TextsByLanguage(LANGUAGES, "auto")

    assert [ENGLISH, JAPANESE, JAPANESE] == [texts.in_language(language_of(text)) for text in ("why?", "なぜ？", "12?")]
    assert ENGLISH == TextsByLanguage(LANGUAGES, "en").in_language("ja")
    assert JAPANESE == TextsByLanguage(LANGUAGES, "ja").in_language("en")


# commands


@pytest.mark.parametrize(
    ("text", "expected"),
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
        ("続きを読みたい", "continue"),
        ("続きは来週です", ""),
        ("", ""),
        ("!", ""),
        ("reset" + "!" * 100, ""),
    ],
)
def test_a_command_is_the_whole_text(text: str, expected: str) -> None:
    """Case, width, courtesies and a full stop do not matter; a text with anything more is a question."""
    assert expected == command(text)


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
def test_a_prefix_asks_for_another_model(text: str, model: str, rest: str) -> None:
    """A known word and a colon of any width begin the text; otherwise the text stays as it is."""
    assert (model, rest) == split_model_prefix(text, {"deep": "sol", "じっくり": "astra"})


# the operator's texts


def test_any_text_can_be_overridden() -> None:
    """Overriding one text leaves the others as they are."""
    own = {key: f"own {''.join(placeholders(text))}" for key, text in by_key(ENGLISH).items()}

    assert own == by_key(overridden(ENGLISH, own))
    for key, text in own.items():
        assert by_key(ENGLISH) | {key: text} == by_key(overridden(ENGLISH, {key: text}))


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
def test_an_overriding_text_needs_the_same_placeholders(text: str, is_fit: bool) -> None:
    """Exactly the placeholders of our text are accepted, so that `str.format` cannot fail."""
    assert is_fit == fits(text, ("{name}", "{why}"), 100)
    if is_fit:
        assert "a.pdf" in text.format(name="a.pdf", why="too big")
    assert not fits(f"{{name}} {{why}} {'x' * 100}", ("{name}", "{why}"), 100)
