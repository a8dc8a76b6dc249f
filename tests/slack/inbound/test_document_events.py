"""slack/inbound/document_events.py: which events tell that a document may have changed, and which of them are ours."""

from __future__ import annotations

import json
from functools import partial

import pytest

from cocoai.slack.inbound.document_events import read_document_event
from cocoai.slack.inbound.events import EventOutcome, SlackEventAnalyzer
from cocoai.slack.model.question import DocumentsChanged, Ignored
from tests.slack.inbound.test_events import NOW, US, KnownThreads
from tests.slack_payloads import JSON, SIGNING_SECRET, envelope, signed_headers

pytestmark = pytest.mark.pure

ITEM = {"type": "message", "channel": "C0DOCS", "message": {"type": "message", "ts": "1.000001", "text": "hello"}}
PIN: JSON = {"type": "pin_added", "user": "U0ASKER01", "channel_id": "C0DOCS", "item": ITEM, "event_ts": "2.000001"}
FILE: JSON = {"type": "file_change", "file_id": "F0RULES", "file": {"id": "F0RULES"}, "event_ts": "2.000001"}


def analyze(event: JSON, documents: tuple[str, ...] = ("C0DOCS",)) -> EventOutcome | Ignored:
    """Analyze the event, written without blanks as Slack does, where the files of these channels are documents."""
    body = json.dumps(envelope(event), separators=(",", ":")).encode()
    reader = partial(read_document_event, channels=documents) if documents else None
    analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=KnownThreads(), documents=reader)
    return analyzer.analyze(signed_headers(body, NOW), body, NOW)


@pytest.mark.parametrize("kind", ["pin_added", "pin_removed"])
@pytest.mark.parametrize("text", ["<@U0COCOAI>", "no mention", '"}],"type":"message"'])
def test_a_pin_names_its_channel(kind: str, text: str) -> None:
    """Whatever was pinned: what mentions us, and what does not, which is left unread where it is a message."""
    item = {**ITEM, "message": {"type": "message", "ts": "1.000001", "text": text}}

    assert DocumentsChanged("C0DOCS") == analyze(PIN | {"type": kind, "item": item})


@pytest.mark.parametrize("kind", ["file_change", "file_deleted", "file_unshared"])
def test_a_file_names_itself(kind: str) -> None:
    """In whatever channel it is."""
    assert DocumentsChanged("F0RULES") == analyze(FILE | {"type": kind})


@pytest.mark.parametrize(
    "event",
    [
        PIN | {"channel_id": "C0OTHER"},
        PIN | {"channel_id": "../etc"},
        PIN | {"channel_id": None},
        {key: value for key, value in FILE.items() if key != "file_id"},
        FILE | {"file_id": "a/b"},
        FILE | {"file_id": ["F0RULES"]},
        FILE | {"type": "file_created"},
        FILE | {"type": ["pin_added"]},
    ],
)
def test_what_is_no_concern_of_ours(event: JSON) -> None:
    """Pins elsewhere, other events of files, and what names nothing that is safe as a file's name."""
    assert isinstance(analyze(event), Ignored)


@pytest.mark.parametrize("event", [PIN, FILE])
def test_without_channels_of_documents_they_are_ignored(event: JSON) -> None:
    """As any event that nobody has asked for."""
    assert isinstance(analyze(event, documents=()), Ignored)
