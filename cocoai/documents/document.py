"""Define what is read, kept and found: documents, the sections of which they are made, and passages of these."""

from __future__ import annotations

from dataclasses import dataclass

FOLDER, SLACK, HISTORY = "folder", "slack", "history"
"""The sources of documents: the folder of the settings, files and canvases of Slack's channels, earlier answers."""

INDEX_FILE, HISTORY_FILE = "documents.sqlite3", "history.sqlite3"
"""The names below `var` of the index of all documents, and of the questions and answers that are kept."""


@dataclass(frozen=True)
class Document:
    """One document. `source` and `name` together name it.

    `name` is the path below the folder with slashes between (NFC), at Slack the channel's id, a slash and that of the
    file (of a canvas that is a tab, `/tab` behind it) or the ts of the message, or the key of the job that was
    answered. `title` is what people read, `link` an address where they can, "" for none. `channel` is where it is from
    at Slack, "" for a file of the folder. `version` changes when the content does.
    """

    source: str
    name: str
    title: str
    version: str
    link: str = ""
    channel: str = ""


@dataclass(frozen=True)
class DocumentSection:
    """A part of a document under one heading, "" for none. `place` says where it is: `p. 3`, a sheet's name, or ""."""

    heading: str
    text: str
    place: str = ""


@dataclass(frozen=True)
class Passage:
    """A part of a section, of some 300 characters. `number` counts the passages of its document from 0."""

    document: Document
    number: int
    heading: str
    text: str
    place: str = ""
