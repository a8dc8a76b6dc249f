"""Say which passages the answer of a job saw, from the job's facts, with their texts as the index has them now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cocoai.documents.index_reader import IndexReader
from cocoai.documents_command.view import UNAVAILABLE, IndexView, available
from cocoai.json_values import number_at, objects_in, text_at
from cocoai.spool.job import Fact, is_forgotten
from cocoai.spool.spool import Spool
from cocoai.spool_command import find_job
from cocoai.status.units import plain

WHERE = ("title", "heading", "place")
"""What a `material` fact tells of where a passage stands."""


def explain(view: IndexView, spool: Spool, name: str) -> Iterator[str]:
    """Yield what the answer of the job `name` (its key) rests on.

    Raise ValueError if `name` is no key, CocoAIError if there is no such job, or its texts are to be looked up and
    there is no index to be read.
    """
    place, lines = find_job(spool, name)
    yield place
    facts = {text_at(line, "fact"): line for line in lines[1:]}  # of several runs the last one's count
    if is_forgotten(lines):
        yield "what was said in it was forgotten, and with it the search words and the passages' names"
    yield _searched(facts.get("searched"))
    if (material := facts.get("material")) is None:
        yield "no passages were looked for"
        return
    yield from _material(view, material)


def _searched(searched: Fact | None) -> str:
    if searched is None:
        return "the model was not asked for search words"
    words = [plain(str(word)) for word in searched.get("words", ())]
    return f"the model's search words: {', '.join(words) or 'none'}"


def _material(view: IndexView, material: Fact) -> Iterator[str]:
    passages = objects_in(material.get("passages"))
    if why := text_at(material, "why"):
        yield f"there were no documents for it ({plain(why)}): {UNAVAILABLE.get(why, 'see the log')}"
        return
    found = "little was found" if material.get("weak") else "it was found"
    yield f"passages that the model saw: {len(passages)} ({found})"
    reader = IndexReader(view.path)
    for passage in passages:
        yield ""
        yield f"[{number_at(passage, 'n')}] {_name(passage)}"
        with available():
            yield from _text_now(reader, passage)


def _name(passage: Mapping[str, Any]) -> str:
    """Return the name of a passage on one line, as the job has it."""
    source, name, link, *where = (text_at(passage, key) for key in ("source", "name", "link", *WHERE))
    return plain(" ".join(filter(None, (source, name, f"“{' › '.join(filter(None, where))}”", link))))


def _text_now(reader: IndexReader, passage: Mapping[str, Any]) -> Sequence[str]:
    """Return the lines of a passage's text, or one that says why they are not those that the model saw."""
    now = reader.passages(text_at(passage, "source"), text_at(passage, "name"))
    if not now:
        return ["    ! gone: the document is not there any more, or has no text"]
    if now[0].document.version != passage.get("version"):
        return ["    ! changed since: the document is another one now"]
    at = number_at(passage, "number")
    return (
        [f"    {plain(line.expandtabs())}" for line in now[at].text.splitlines()]
        if at < len(now)
        else ["    ! changed since"]
    )
