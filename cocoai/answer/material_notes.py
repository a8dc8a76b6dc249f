"""MaterialNotes: show passages without a model: those that hold some words, and those that the last answer saw.

What is quoted is Slack's mrkdwn. A passage is shown only where its document may be shown now, and as it is now.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.answer.attempt import Attempt
from cocoai.answer.material import document_then, job_facts, may_be_shown, passage_now
from cocoai.answer.material_words import named, on_one_line, passage_name
from cocoai.answer.options import DocumentOptions
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.sources_line import is_address, safe_address, without_links
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document, Passage
from cocoai.documents.search import FoundPassage, PassageSearch
from cocoai.documents.words import comparable_text
from cocoai.slack.model.plain_text import escaped, shortened
from cocoai.slack.thread.question_message import last_answered
from cocoai.spool.job import Fact, is_forgotten
from cocoai.spool.spool import Spool
from cocoai.texts import Texts

EXCERPT = 110
"""Characters of a passage in a list: about a third of it."""

QUOTED = 320
"""Characters of a passage that is quoted: nearly always all of it."""

_BEFORE_HIT = 30
"""Characters that stand before the first word that was looked for."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MaterialNotes:
    """What one process needs to show passages."""

    options: DocumentOptions
    spool: Spool
    prompts: PromptBuilder

    def list(self, attempt: Attempt, words: str) -> str:
        """Return up to five passages that hold these words and may be shown where they were asked for."""
        texts, question = attempt.texts.documents, attempt.question
        sources = (*((FOLDER, SLACK) if self.options.documents else ()), *((HISTORY,) if self.options.history else ()))
        search = PassageSearch(self.options.path, self.options.rules)
        try:
            found = search.list_exact(
                words, channel=question.channel, is_shared=question.may_be_shared, sources=sources
            )
        except IndexUnavailable as error:
            return self._unavailable(error, attempt.texts)
        shown = _as_text(without_links(shortened(on_one_line(words), EXCERPT)))
        if not found:
            return texts["nothing"].format(words=shown)
        return "\n".join((texts["found"].format(words=shown), *_listed(found, words)))

    def sources(self, attempt: Attempt) -> str:
        """Return the passages that the last answer in this thread saw, as they are now.

        Raise `Temporary` or `Permanent` if Slack does not give the thread.
        """
        texts = attempt.texts.documents
        key = last_answered(self.prompts.earlier_messages(attempt))
        if not key:
            return texts["no_answer"]
        facts = job_facts(self.spool, key)
        if is_forgotten(facts) or not any(fact.get("fact") == "answer" for fact in facts):
            return texts["swept"]
        material = next((fact for fact in reversed(facts) if fact.get("fact") == "material"), {})
        passages: Sequence[Fact] = material.get("passages") or ()
        if not passages:
            return texts["none"]
        try:
            lines = [line for fact in passages for line in self._quoted(fact, attempt)]
        except IndexUnavailable as error:
            return self._unavailable(error, attempt.texts)
        return "\n".join((texts["seen"], *lines))

    def _quoted(self, fact: Fact, attempt: Attempt) -> Iterator[str]:
        """Yield the lines that show one passage of a `material` fact: its name and its text, or why they are not shown.

        Raise `IndexUnavailable`.
        """
        texts, passage, n = attempt.texts.documents, passage_now(self.options, fact), fact.get("n")
        document = passage.document if passage else document_then(fact)
        if not may_be_shown(self.options, document, attempt.question):
            yield f"*[{n}]* {texts['hidden']}"
        elif passage is None:
            yield f"*[{n}]* {_name_of(document, fact)} {texts['gone']}"
        else:
            has_changed = document.version != fact.get("version")
            yield f"*[{n}]* {_linked(passage)}" + (f" {texts['changed']}" if has_changed else "")
            yield from _quoted_lines(passage.text)

    def _unavailable(self, error: IndexUnavailable, texts: Texts) -> str:
        log.warning("documents outcome=unavailable reason=%s", error)
        return texts.documents["away"]


def excerpt(text: str, words: str, most: int = EXCERPT) -> str:
    """Return about `most` characters of a text on one line, around the first of the words that is in it."""
    line = on_one_line(text)
    compared = comparable_text(line)
    # What is compared may have another length: then the beginning has to do.
    places = [compared.find(word) for word in comparable_text(words).split()] if len(compared) == len(line) else []
    at = min((place for place in places if place >= 0), default=0)
    start = max(0, at - _BEFORE_HIT) if at + _BEFORE_HIT > most else 0
    return ("…" if start else "") + shortened(line[start:], most)


def _listed(found: Sequence[FoundPassage], words: str) -> Iterator[str]:
    for each in found:
        yield f"• {_linked(each.passage)}"
        yield f"> {_as_text(excerpt(each.passage.text, words))}"


def _linked(passage: Passage) -> str:
    """Return a passage's name in mrkdwn, as a link where there is an address."""
    name, link = _as_text(without_links(passage_name(passage))), passage.document.link
    return f"<{safe_address(link)}|{name}>" if is_address(link) else name


def _name_of(document: Document, fact: Fact) -> str:
    return _as_text(without_links(named(document.title, str(fact.get("heading", "")), str(fact.get("place", "")))))


def _quoted_lines(text: str) -> Iterator[str]:
    """Yield a passage's text as a quotation, its lines as they are: those of a list or a table are read so."""
    lines = map(on_one_line, text.splitlines())
    for line in shortened("\n".join(filter(None, lines)), QUOTED).splitlines():
        yield f"> {_as_text(line)}"


def _as_text(text: str) -> str:
    """Return a text of somebody's as mrkdwn shows it literally: no mention, no link, no mark of it."""
    return re.sub(r"([*_~`|])", "\u200b\\1\u200b", escaped(text))
