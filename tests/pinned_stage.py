"""A stage for tests of what is pinned: a practice Slack, the application behind a socket, and the indexing process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cocoai import config
from cocoai.app import build
from cocoai.documents.access import ReaderRules
from cocoai.documents.document import SLACK
from cocoai.documents.index_reader import IndexedDocument, IndexReader
from cocoai.documents.index_task import index_path
from cocoai.documents.indexing import SliceResult, index_slice
from cocoai.documents.search import PassageSearch
from cocoai.engine.web.request import Request
from cocoai.engine.web.router import Router
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import DOCUMENT_EVENTS, DOCUMENT_SCOPES, EVENTS, SCOPES, SlackSwitches
from cocoai.slack_documents.connect import connection, listing_of
from cocoai.slack_documents.marks import marks_of
from cocoai.slack_documents.source import SlackSource

BY = "U0ASKER01"
HERE = "C0PRACTICE"
LATER = 60.0
"""Seconds between two slices: more than the gap between two looks at a channel."""


class Door(PracticeServer):
    """A socket before the application's router, as nginx and a worker are."""

    def __init__(self, router: Router) -> None:
        super().__init__()
        self._router = router

    def answer(self, incoming: Incoming) -> Outgoing:
        """Let the application respond."""
        request = Request(incoming.method, incoming.path, incoming.headers, incoming.body)
        return Outgoing(self._router.respond(request).status)


class Stage:
    """What a test does and sees. `now` is the indexing process's clock, in epoch seconds."""

    def __init__(self, slack: PracticeSlack, settings: config.Settings) -> None:
        self.slack = slack
        self.settings = settings
        self.var = settings.paths.var
        self.now = time.time() // 86_400 * 86_400 + 3600.0  # no midnight passes, at which canvases are read again

    def source(self, channels: frozenset[str] | None = None) -> SlackSource:
        """Return the source as a new process makes it, perhaps by other settings."""
        return SlackSource(
            self.settings.documents.channels if channels is None else channels,
            connection(self.settings),
            marks_of(self.var),
            listing_of(self.var),
            folder=self.var,
            clock=lambda: self.now,
        )

    def slice(self, after: float = LATER, channels: frozenset[str] | None = None) -> SliceResult:
        """Wait until the events are in, then do a slice of indexing so many seconds after the last one."""
        self.slack.wait_for_deliveries()
        self.now += after
        return index_slice(index_path(self.var), [self.source(channels)])

    def share(self, name: str, text: str | bytes, media_type: str = "text/plain", channel: str = HERE) -> PracticeFile:
        """Share a file in a channel, and pin its message; return it."""
        data = text.encode() if isinstance(text, str) else text
        message = self.slack.share(BY, "", [PracticeFile(name, media_type, data)], channel=channel)
        self.slack.pin(BY, message.ts, channel)
        return message.files[0]

    def documents(self) -> dict[str, IndexedDocument]:
        """Return what is in the index, by title."""
        return {each.document.title: each for each in IndexReader(index_path(self.var)).documents()}

    def text(self, title: str) -> str:
        """Return the passages of a document of this title, with their headings."""
        found = self.documents()[title].document
        passages = IndexReader(index_path(self.var)).passages(SLACK, found.name)
        return "\n".join(f"{each.heading}: {each.text}" for each in passages)

    def found(
        self, words: str, channel: str = HERE, readers: Mapping[str, list[str] | None] | None = None
    ) -> list[str]:
        """Return the titles of the passages with these words that are shown in a channel."""
        rules = ReaderRules(readers or {}, self.settings.documents.channels)
        search = PassageSearch(index_path(self.var), rules)
        is_shared = self.slack.workspace.channels[channel].is_shared
        shown = search.list_exact(words, channel=channel, is_shared=is_shared, sources=[SLACK])
        return [each.passage.document.title for each in shown]

    def calls(self, method: str) -> int:
        """Return how often a method was called so far."""
        return sum(call.method == method for call in self.slack.calls)

    def files_with(self, words: str) -> list[str]:
        """Return the files below `var` in which these bytes stand, in UTF-8, UTF-16 or as JSON escapes them."""
        forms = [words.encode(), words.encode("utf-16-le"), ascii(words)[1:-1].encode()]
        paths = [Path(folder, name) for folder, _, names in os.walk(self.var) for name in names]
        return [str(path) for path in paths if any(form in path.read_bytes() for form in forms)]


@contextmanager
def pinned_stage(var: Path, **environ: str) -> Iterator[Stage]:
    """Start a stage with `var`, on which the files of C0PRACTICE are documents, unless the settings say else."""
    scopes = SCOPES | DOCUMENT_SCOPES
    with PracticeSlack(switches=SlackSwitches(scopes=scopes, events=EVENTS | DOCUMENT_EVENTS)) as slack:
        settings = config.read(
            None,
            {
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "SLACK_BOT_TOKEN": slack.token,
                "OPENAI_API_KEY": "sk-practice",
                "COCOAI_SLACK_API_URL": slack.api_url,
                "COCOAI_PATHS_VAR": str(var),
                "COCOAI_DOCUMENTS_CHANNELS": HERE,
                **environ,
            },
        )
        with Door(build(settings).router) as door:
            slack.subscribe(f"{door.url}/slack/events")
            yield Stage(slack, settings)
