"""Material: put the passages of the team's own words under a question, as far as they may be shown where it was asked.

The job says what the model saw (`material`, without the texts), before the request leaves: by that the reply names the
sources, and "sources?" shows them. Without a usable index the answer goes on without, which is logged once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cocoai.answer.attempt import Attempt
from cocoai.answer.material_words import ShownPassage, fitting, sources_called, under_question
from cocoai.answer.options import AnswerOptions, DocumentOptions
from cocoai.answer.prompt import CONTINUE_INSTRUCTION, Prompt, PromptBuilder
from cocoai.answer.search_words import SearchWords
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document, Passage
from cocoai.documents.search import FoundPassage, PassageSearch, SearchQuery, is_weak
from cocoai.documents.words import question_terms
from cocoai.slack.model.plain_text import plain_text, shortened
from cocoai.slack.model.question import ASK, Question
from cocoai.slack.thread.question_message import last_answered
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts import split_model_prefix

MOST_PASSAGES = 5

MOST_CONTEXT = 300
"""Characters of the last question in a thread, and of the answer to it, by which a question is understood."""

_NOT_HIRAGANA = re.compile(r"[^\u3040-\u309f\u30fc*]")

log = logging.getLogger(__name__)


@dataclass
class Material:
    """What one process needs to put passages under questions."""

    options: AnswerOptions
    documents: DocumentOptions
    spool: Spool
    prompts: PromptBuilder
    words: SearchWords
    ratio: TokenRatio
    _is_away: str = ""

    def added(self, attempt: Attempt, prompt: Prompt) -> Prompt:
        """Return the prompt with the passages under its question, and record which they are (`material`).

        The rest of an answer has those that its beginning had. A task has none, and neither has a question without
        words. Raise StoreError if the request for search words cannot be recorded.
        """
        question = attempt.question
        if question.is_task:
            return prompt
        if continued := self._continued(question, prompt):
            shown = list(self._as_before(question, continued))
            return self._under(prompt, shown) if _record(attempt, continued) and shown else prompt
        words = self._words(question, prompt)
        sources = sources_of(self.documents, words)
        if not (words and sources):
            return prompt
        try:
            found = self._found(attempt, words, _context(prompt), sources)
        except IndexUnavailable as error:
            self._log_once(error)
            _record(attempt, {"passages": [], "weak": True, "why": error.code})
            return prompt
        tokens = self.documents.max_tokens / self.ratio.ratio(prompt.model)
        shown = list(fitting((each.passage for each in found), tokens))
        _record(attempt, {"passages": [passage_fact(each) for each in shown], "weak": is_weak(found)})
        return self._under(prompt, shown)

    def _found(self, attempt: Attempt, words: str, context: str, sources: Sequence[str]) -> list[FoundPassage]:
        """Return the passages for these words, where they are few for the model's own too. Raise IndexUnavailable."""
        question, search = attempt.question, PassageSearch(self.documents.path, self.documents.rules)

        def find(query: SearchQuery) -> list[FoundPassage]:
            return search.find(
                query,
                channel=question.channel,
                is_shared=question.may_be_shared,
                sources=sources,
                limit=MOST_PASSAGES,
            )

        query = SearchQuery(words, context)
        found = find(query)
        if is_weak(found) and _has_terms(words, context) and self._may_show_any(question, sources):
            more = self.words.of(attempt, words, context)
            return find(replace(query, words=more)) if more else found
        return found

    def _may_show_any(self, question: Question, sources: Sequence[str]) -> bool:
        """Check whether any document of these sources could be shown where it was asked: else nothing is paid.

        What each sub-folder allows is not gone through: only whether the channel is named at all.
        """
        rules, channel = self.documents.rules, question.channel
        named = any(channel in readers for readers in rules.readers.values() if readers is not None)
        return not question.may_be_shared or named or HISTORY in sources or channel in rules.channels

    def _words(self, question: Question, prompt: Prompt) -> str:
        """Return the words of the question; of one that was typed into our form what was typed."""
        if question.kind != ASK:
            return prompt.words.strip()
        typed = plain_text(question.text, self.prompts.own_user())
        return split_model_prefix(typed, self.options.personas.models())[1].strip()

    def _continued(self, question: Question, prompt: Prompt) -> Fact | None:
        """Return the `material` of the answer that is to be gone on with; None if it had none, or none is."""
        is_typed = CONTINUE_INSTRUCTION in prompt.conversation.turns[-1].text
        if not (question.continues or is_typed):
            return None
        key = question.continues or last_answered(prompt.messages)
        return material_of(self.spool, key) or {"passages": [], "weak": False}

    def _as_before(self, question: Question, material: Fact) -> Iterator[ShownPassage]:
        """Yield the passages of an earlier answer that are as they were and may still be shown, with their numbers."""
        try:
            for fact in material["passages"]:
                passage = passage_now(self.documents, fact)
                if (
                    passage
                    and passage.document.version == fact.get("version")
                    and may_be_shown(self.documents, passage.document, question)
                ):
                    yield ShownPassage(int(fact.get("n", 0)), passage)
        except IndexUnavailable as error:
            self._log_once(error)

    def _under(self, prompt: Prompt, shown: Sequence[ShownPassage]) -> Prompt:
        """Return the prompt with these passages under its question, or that there are none."""
        called = sources_called(documents=self.documents.documents, history=self.documents.history)
        *before, last = prompt.conversation.turns
        text = "\n\n".join(filter(None, (last.text, under_question(shown, called))))
        turns = (*before, replace(last, text=text))
        return replace(prompt, conversation=replace(prompt.conversation, turns=turns))

    def _log_once(self, error: IndexUnavailable) -> None:
        if self._is_away != error.code:
            self._is_away = error.code
            log.warning("documents outcome=unavailable reason=%s", error)


def sources_of(options: DocumentOptions, words: str) -> tuple[str, ...]:
    """Return the sources in which these words of a question are looked for: the history only if they ask about that."""
    documents = (FOLDER, SLACK) if options.documents else ()
    if not options.history:
        return documents
    from cocoai.texts.earlier_talk import asks_about_earlier  # not where no history is kept

    return (*documents, HISTORY) if asks_about_earlier(words) else documents


def passage_fact(shown: ShownPassage) -> Fact:
    """Return what a `material` fact says of a passage: its number `n`, and where it is, but not its text."""
    passage, document = shown.passage, shown.passage.document
    return {
        "n": shown.n,
        "source": document.source,
        "name": document.name,
        "number": passage.number,
        "heading": passage.heading,
        "title": document.title,
        "link": document.link,
        "place": passage.place,
        "channel": document.channel,
        "version": document.version,
    }


def passage_now(options: DocumentOptions, fact: Fact) -> Passage | None:
    """Return the passage of a `material` fact as the index has it now; None if it is gone. Raise `IndexUnavailable`."""
    from cocoai.documents.index_reader import IndexReader  # few questions go on with what was found before

    passages = IndexReader(options.path).passages(str(fact.get("source")), str(fact.get("name")))
    return next((each for each in passages if each.number == fact.get("number")), None)


def document_then(fact: Fact) -> Document:
    """Return the document of a passage of a `material` fact as it was then."""
    names = ("source", "name", "title", "version", "link", "channel")
    return Document(**{name: str(fact.get(name, "")) for name in names})


def may_be_shown(options: DocumentOptions, document: Document, question: Question) -> bool:
    """Check whether a document may be shown where this question is asked, by the rules that hold now."""
    return options.rules.may_be_shown(document, question.channel, is_shared=question.may_be_shared)


def material_of(spool: Spool, key: str) -> Fact | None:
    """Return the `material` fact of an answered job; None if it has none, or is no longer kept."""
    facts = job_facts(spool, key)
    return next((fact for fact in reversed(facts) if fact.get("fact") == "material"), None) if facts else None


def job_facts(spool: Spool, key: str) -> Sequence[Fact]:
    """Return the facts of an answered job; () if it is no longer kept, or `key` is odd."""
    try:
        return spool.peek("done", Key.parse(key))
    except (StoreError, ValueError):
        return ()


def _has_terms(words: str, context: str) -> bool:
    """Check whether there is anything to name other words for: more than hiragana, as in ありがとう."""
    return any(_NOT_HIRAGANA.search(term) for term in question_terms(f"{words}\n{context}"))


def _context(prompt: Prompt) -> str:
    """Return what was said last before the question: a beginning of the answer, and what was asked before that."""
    before = prompt.conversation.turns[:-1]
    said: dict[str, Any] = {turn.speaker: shortened(turn.text, MOST_CONTEXT) for turn in before[-2:]}
    return "\n".join(said.values())


def _record(attempt: Attempt, material: Fact) -> bool:
    """Record what the model sees, unless the last run has seen the same. Return False if the disk refuses it."""
    values = {name: value for name, value in material.items() if name not in ("fact", "at")}
    last = attempt.job.last("material") or {}
    if {name: last.get(name) for name in values} == values and last.keys() - {"fact", "at"} == values.keys():
        return True
    return attempt.record("material", **values)
