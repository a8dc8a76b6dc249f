"""Search as a question does, and as `find` does, and say what is found where, and how well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cocoai.documents.access import ReaderRules
from cocoai.documents.document import Document
from cocoai.documents.search import FoundPassage, PassageSearch, SearchQuery, is_weak
from cocoai.documents_command.view import IndexView, available, called
from cocoai.status.units import number, plain

MOST_CHARACTERS = 100
"""Characters of a passage that are shown."""


class EverybodyReads(ReaderRules):
    """The rules by which every passage may be shown everywhere: what a search finds before [readers] is asked."""

    def may_be_shown(self, document: Document, channel: str, *, is_shared: bool) -> bool:  # noqa: ARG002 (as its own)
        """Return True."""
        return True


@dataclass(frozen=True)
class AskedIn:
    """Where it is asked: a `channel`, "" for one that no setting names. It `is_shared` with other organisations."""

    channel: str
    is_shared: bool

    def __str__(self) -> str:
        where = f"in {self.channel}" if self.channel else "in a channel that no setting names"
        return f"{where}, which other organisations read" if self.is_shared else where


def search(view: IndexView, words: str, asked_in: AskedIn) -> Iterator[str]:
    """Yield what a question of these words would find there, also one about earlier answers, then what `find` would.

    Raise CocoAIError if there is no index to be read.
    """
    with available():
        lines = list(_searches(view, words, asked_in))
    yield f"Asked {asked_in}:"
    yield from lines


def _searches(view: IndexView, words: str, asked_in: AskedIn) -> Iterator[str]:
    """Yield the lines of each search. Raise `IndexUnavailable`."""
    if view.documents:
        found = _find(view, view.rules, words, asked_in, view.documents)
        yield from _lines("As a question", found, _left_out(view, words, asked_in, view.documents))
        if is_weak(found):
            yield "  that is little: before it answers, the model is asked for other words to search for"
    if view.sources != view.documents:
        yield from [""] if view.documents else []
        found = _find(view, view.rules, words, asked_in, view.sources)
        title = "As a question about what was asked before"
        yield from _lines(title, found, _left_out(view, words, asked_in, view.sources))
    yield ""
    exact = PassageSearch(view.path, view.rules).list_exact(
        words, channel=asked_in.channel, is_shared=asked_in.is_shared, sources=view.sources
    )
    yield from _lines("Each word exactly, where passages have all of them, as `find` lists them", exact, 0)


def _find(
    view: IndexView, rules: ReaderRules, words: str, asked_in: AskedIn, sources: Collection[str]
) -> list[FoundPassage]:
    search_in = PassageSearch(view.path, rules)
    return search_in.find(SearchQuery(words), channel=asked_in.channel, is_shared=asked_in.is_shared, sources=sources)


def _left_out(view: IndexView, words: str, asked_in: AskedIn, sources: Collection[str]) -> int:
    """Return how many of the best passages of all may not be shown at a place."""
    best = _find(view, EverybodyReads(), words, asked_in, sources)
    documents = (each.passage.document for each in best)
    return sum(
        not view.rules.may_be_shown(document, asked_in.channel, is_shared=asked_in.is_shared) for document in documents
    )


def _lines(title: str, found: Sequence[FoundPassage], left_out: int) -> Iterator[str]:
    yield f"{title}: {number(len(found))} passages"
    for n, each in enumerate(found, 1):
        passage = each.passage
        where = ", ".join(filter(None, (plain(passage.heading), plain(passage.place))))
        strength = "strong" if each.is_strong else "weak"
        yield f"  {n}. {each.score:.2f} {strength}  {called(passage.document)}{f' › {where}' if where else ''}"
        text = plain(" ".join(passage.text.split()))
        yield f"     {text if len(text) <= MOST_CHARACTERS else f'{text[: MOST_CHARACTERS - 1]}…'}"
    if left_out:
        yield f"  {number(left_out)} of the best passages may not be shown here"
