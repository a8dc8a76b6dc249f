"""The sentences are complete in both languages, and hide what must not be shown."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cocoai.check.result import LEVELS, note, ok, warning, wrong
from cocoai.check.words.english import ENGLISH
from cocoai.check.words.japanese import JAPANESE
from cocoai.check.words.languages import LANGUAGES, words_for
from cocoai.check.words.words import Words

pytestmark = pytest.mark.pure

CODE = Path(__file__).parents[2] / "cocoai/check"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def placeholders(words: Words) -> dict[str, set[str]]:
    """Return the placeholders in both sentences of each case."""
    return {key: set(_PLACEHOLDER.findall(" ".join(pair))) for key, pair in words.cases.items()}


def test_both_languages_have_the_same_sentences_in_the_same_order() -> None:
    """Parts, cases, marks and last lines have the same keys, and a remedy in one has one in the other."""
    for name in ("parts", "cases", "marks", "lines"):
        assert list(getattr(ENGLISH, name)) == list(getattr(JAPANESE, name))
    assert {k for k, pair in ENGLISH.cases.items() if pair[1]} == {k for k, pair in JAPANESE.cases.items() if pair[1]}
    assert set(LEVELS) == set(ENGLISH.marks)


def test_both_languages_use_placeholders_that_a_result_has() -> None:
    """The last lines have the same ones; a case may name one more in one language, from the same values."""
    for key, line in ENGLISH.lines.items():
        assert set(_PLACEHOLDER.findall(line)) == set(_PLACEHOLDER.findall(JAPANESE.lines[key]))
    assert placeholders(ENGLISH) == placeholders(JAPANESE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_to_be_typed_is_the_same_in_each_language(language: str) -> None:
    """Commands, addresses and names of settings are not translated."""
    names = re.compile(r"sudo [a-z-]+ [a-z-]+|https://[a-z./-]+|\[[a-z]+\] [a-z]+_[a-z_]+|/invite @CocoAI|xoxb-")
    for key, (_, remedy) in ENGLISH.cases.items():
        theirs = LANGUAGES[language].cases[key][1]

        assert {found for found in names.findall(remedy) if found not in theirs} <= set(), key


def test_the_japanese_sentences_are_japanese() -> None:
    """Each has kana or kanji, but for those that are only values or a name."""
    letters = re.compile(r"[ぁ-んァ-ヶ一-龠]")
    bare = {key for key, (found, _) in JAPANESE.cases.items() if not letters.search(found)}

    assert bare <= {"settings.refused", "settings.file.unseen", "socket.unseen", "socket.failed", "python.ok"}


def results_in_code() -> set[tuple[str, str]]:
    """Return the part and the case of each result that the code makes with both as plain text."""
    names = {"ok", "note", "warning", "wrong", "level", "absent"}
    found = set()
    for path in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names and node.args:
                words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                if len(words) == len(node.args):
                    found.add((str(words[0]), str(words[1]) if len(words) > 1 else "ok"))
    return found


def test_every_result_in_the_code_has_its_sentences() -> None:
    """No case is without words."""
    found = results_in_code()

    assert len(found) > 90
    for part, case in found:
        assert ENGLISH.parts[part]
        assert ENGLISH.sentences(ok(part, case))


def test_no_secret_and_no_escape_stands_in_a_sentence() -> None:
    """A foreign text that holds one shows a mark in its place."""
    result = wrong("slack.token", "other", code="\x1b[2J xoxb-secret-token", file="f", reload="r")

    finding = ENGLISH.finding(result, ["xoxb-secret-token", "f"])

    assert "Slack refuses it: \N{REPLACEMENT CHARACTER}[2J …" == finding.found
    assert "bot_token in f, then: r" in finding.remedy  # too short to be looked for


def test_parts_that_end_alike_share_their_sentences() -> None:
    """The connection to Slack and the one to OpenAI fail in the same words."""
    of_slack, of_openai = (ENGLISH.sentences(wrong(f"{name}.reach", "dns")) for name in ("slack", "openai"))

    assert of_slack == of_openai


@pytest.mark.parametrize(
    ("option", "environ", "language"),
    [
        ("", {}, "en"),
        ("", {"LANG": "ja_JP.UTF-8"}, "ja"),
        ("", {"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ("", {"LC_ALL": "", "LANG": "ja"}, "ja"),
        ("en", {"LANG": "ja_JP.UTF-8"}, "en"),
        ("ja", {}, "ja"),
    ],
)
def test_the_language_is_the_operator_s(option: str, environ: dict[str, str], language: str) -> None:
    """The option counts, else the terminal's locale."""
    assert words_for(option, environ) is LANGUAGES[language]


def test_levels_are_what_their_functions_say() -> None:
    """Each function makes a result of its level."""
    assert ["ok", "note", "warning", "wrong"] == [each("python").level for each in (ok,)] + [
        each("python", "ok").level for each in (note, warning, wrong)
    ]


def test_a_copy_has_a_command_of_its_own() -> None:
    """What cannot be asked by this user is asked again by that command."""
    result = note("pool", "unseen", var="/var/lib/cocoai_qa")

    assert "sudo cocoai_qa check" == ENGLISH.finding(result, program="cocoai_qa").remedy
    assert "sudo cocoai check" == JAPANESE.finding(result).remedy
