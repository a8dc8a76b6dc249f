"""HomeViews: fill a person's Home tab, when somebody opens it: what was spent, and what CocoAI can do here.

It is filled for whoever looks, and never for all. Doing it twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from cocoai.answer.note_job import NoteJobHandler
from cocoai.errors import Permanent
from cocoai.ledger.store import LedgerBroken
from cocoai.slack.api.home_tab import NO_HOME_TAB
from cocoai.slack.markdown.message_layout import Block, context, header, section
from cocoai.slack.model.home_opened import HomeOpened
from cocoai.spool.job import Job
from cocoai.texts import Texts

log = logging.getLogger(__name__)


class HomeViews(NoteJobHandler[HomeOpened]):
    """An object that does jobs of kind HOME, with what the `notes` tell."""

    def _run(self, job: Job, content: HomeOpened) -> None:
        """Publish the person's view and finish the job, also if the app has no Home tab any more."""
        if job.last("obeyed") is None:
            why = ""
            try:
                self._notes.slack.home_tab.publish(content.user, list(self._blocks(content)))
            except Permanent as error:
                if error.code != NO_HOME_TAB:
                    raise
                why = error.code
            job.record("obeyed", why=why)  # `cocoai check` looks at it
            log.info("home key=%s outcome=%s", job.key, why or "shown")
        self._spool.finish(job)

    def _blocks(self, opened: HomeOpened) -> Iterator[Block]:
        """Yield the blocks of a person's view, of kinds that a Home tab takes."""
        notes = self._notes
        texts = notes.options.texts_in(notes.language(opened.user))
        if opened.is_refused:
            yield section(texts.declined["person"])
            return
        yield from self._spent(opened.user, texts)
        yield header(texts.home["help"])
        yield section(notes.help(texts))
        yield context(f"{notes.model(texts, opened.channel)} {texts.home['language']}")

    def _spent(self, user: str, texts: Texts) -> Iterator[Block]:
        """Yield this month's money: the team's of its cap, and one's own beside a seat; nothing without a ledger."""
        usage = self._notes.usage()
        try:
            summary = usage.summary()
        except LedgerBroken as error:
            log.exception("home outcome=no-ledger reason=%s", error.reason)
            return
        month = usage.month(summary, texts)
        yield header(texts.home["month"])
        yield section("\n".join([month.total(), *usage.own(summary, user, texts)]))
        yield context("\n".join(month.notes()))
