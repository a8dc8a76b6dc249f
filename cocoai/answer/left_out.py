"""Tell of the files that the model did not get, or not whole: the asker in one sentence, the model in a line for each.

What is told to the asker is in the job's `answer` fact as a list of {name, why}; `why` is one of file_reader.Why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cocoai.slack.api.download import LeftOut
from cocoai.slack.api.file_reader import PARTLY, Why
from cocoai.slack.markdown.inline_parser import escape_markdown
from cocoai.slack.model.files import not_read
from cocoai.texts import Texts, language_of

FOR_THE_MODEL: Mapping[Why, str] = {
    "too_big": "too big",
    "too_many": "too many files at once",
    "kind": "of a kind that cannot be read",
    "office": "an Office file of which there is no PDF",
    "speech": "a recording without a transcript",
    "speech_off": "listening is switched off here",
    "uploading": "not all of it is there yet",
    "sound": "no sound that can be heard",
    "sound_too_big": "too big to listen to",
    "silent": "nothing is said in it",
    "allowance": "its sender has had too much heard today",
    "transcribing": "a recording that is not transcribed yet",
    "encoding": "a text in an unknown encoding",
    "login": "no permission to fetch it",
    "foreign": "kept outside Slack",
    "gone": "no longer there",
    "unreadable": "it could not be fetched",
    "off": "files are switched off here",
}
"""Why a file is not shown, in a model's words."""


def lines_for_the_model(left_out: Iterable[LeftOut]) -> list[str]:
    """Return `[attached: NAME, not read, WHY]` for each file that the model gets nothing of."""
    return [not_read(each.name, FOR_THE_MODEL[each.why]) for each in left_out if each.why not in PARTLY]


def note_for_the_asker(left_out: Iterable[Mapping[str, Any]], texts: Texts) -> str:
    """Return the sentence about all files left out, and one about those read in part, as a paragraph of Markdown.

    Files of one reason are named together; if there are several reasons, each follows its files' names. `left_out` is
    the job's list of {name, why}. Return "" if it is empty.
    """
    left_out = list(left_out)
    unread = [each for each in left_out if each["why"] not in PARTLY]
    partly = [each for each in left_out if each["why"] in PARTLY and each["name"]]
    sentences = [
        _sentence(texts.left_out, [each for each in unread if each["name"]], texts),
        _sentence(texts.left_out_unnamed, [each for each in unread if not each["name"]], texts),
        _sentence(texts.read_partly, partly, texts),
    ]
    return "\n".join(filter(None, sentences))


def _sentence(template: str, files: Iterable[Mapping[str, Any]], texts: Texts) -> str:
    """Return a template filled with all names and reasons; "" if there are no files."""
    names: dict[str, list[str]] = {}  # by reason
    for each in files:
        names.setdefault(each["why"], []).append(escape_markdown(each["name"]))
    if not names:
        return ""
    reasons = {why: texts.why.get(why, texts.why["unreadable"]) for why in names}
    comma, colon, space = ("、", "：", "") if language_of(texts.why["too_big"]) == "ja" else (", ", ": ", " ")
    all_names = comma.join(dict.fromkeys(name for each in names.values() for name in each))
    if len(names) == 1 or not all_names:
        return template.format(name=all_names, why=space.join(reasons.values()))
    described = (f"{comma.join(names[why])}{colon}{reason}" for why, reason in reasons.items())
    return template.format(name=all_names, why=space.join(described))
