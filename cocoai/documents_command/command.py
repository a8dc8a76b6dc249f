"""Read the arguments of `cocoai documents`, and run it.

What needs the index is imported when it runs, so that the other commands start quickly.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from functools import partial

from cocoai import config
from cocoai.engine.process.fork import NICE
from cocoai.errors import CocoAIError
from cocoai.interruption import interruptible
from cocoai.slack_ids import is_id
from cocoai.spool.store_error import told_to_operator
from cocoai.up.machine import become_owner


def add_documents(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `documents list`, `search`, `reindex` and `explain`; return the parser of `documents`."""
    documents = commands.add_parser("documents", help="what the team's documents are, and what is found in them")
    verbs = documents.add_subparsers(metavar="VERB", required=True)
    listed = verbs.add_parser("list", help="all documents: their passages, where they may be shown, what is wrong")
    listed.add_argument("--problems", action="store_true", help="only those that could not be read")
    listed.set_defaults(run=_list)
    search = verbs.add_parser("search", help="what a question of these words finds, and how well")
    search.add_argument("words", metavar="WORDS", nargs="+", help="the question, or the words")
    search.add_argument("--channel", metavar="ID", default="", help="asked in this channel; else in one without rules")
    search.add_argument("--shared", action="store_true", help="other organisations read there, too")
    search.set_defaults(run=_search)
    reindex = verbs.add_parser("reindex", help="throw the index away and build it now, beside the running pool")
    reindex.set_defaults(run=_reindex)
    explain = verbs.add_parser("explain", help="which passages the answer of a job saw")
    explain.add_argument("key", metavar="KEY", help="CHANNEL-THREAD_TS-TS, as `cocoai spool list` shows it")
    explain.set_defaults(run=_explain)
    documents.set_defaults(command=_documents)
    return documents


def _documents(arguments: argparse.Namespace) -> int:
    """Run the chosen verb; return its exit code."""
    settings = config.read(arguments.config, os.environ, secrets=False)
    if arguments.run is _reindex and settings.documents.channels:
        settings = config.read(arguments.config, os.environ)  # it asks Slack
    become_owner(settings.paths.var)
    status: int = arguments.run(settings, arguments)
    return status


def _list(settings: config.Settings, arguments: argparse.Namespace) -> int:
    """Print a line for each document; return 0."""
    from cocoai.documents_command.listing import list_documents
    from cocoai.documents_command.view import index_view

    _print(list_documents(index_view(settings), only_problems=arguments.problems))
    return 0


def _search(settings: config.Settings, arguments: argparse.Namespace) -> int:
    """Print what is found; return 0. Raise CocoAIError for a channel that is none."""
    from cocoai.documents_command.finding import AskedIn, search
    from cocoai.documents_command.view import index_view

    if arguments.channel and not is_id(arguments.channel):
        raise CocoAIError(f"--channel {arguments.channel}: expected an id of Slack's, such as C024BE91L")
    asked_in = AskedIn(arguments.channel, is_shared=arguments.shared)
    _print(search(index_view(settings), " ".join(arguments.words), asked_in))
    return 0


def _reindex(settings: config.Settings, _: argparse.Namespace) -> int:
    """Build the index anew; return 0, or 1 if a signal ended it early."""
    from cocoai.document_sources import document_sources
    from cocoai.documents_command.building import Progress, rebuild
    from cocoai.documents_command.view import index_view
    from cocoai.stores import database_of

    view, progress = index_view(settings), Progress()
    sources = partial(document_sources, settings, database_of(settings))
    os.umask(0o077)  # what it writes are people's words
    os.nice(NICE)  # the pool's answers come first
    with interruptible():
        try:
            done = rebuild(view, settings.paths.var, sources, progress.tell)
        finally:
            progress.end()
        _print([done])
        return 0
    raise CocoAIError("broken off: the pool goes on building the index from here")


def _explain(settings: config.Settings, arguments: argparse.Namespace) -> int:
    """Print what the answer of a job rests on; return 0. Raise CocoAIError if there is no such job."""
    from cocoai.documents_command.explaining import explain
    from cocoai.documents_command.view import index_view
    from cocoai.stores import spool_of

    view = index_view(settings)
    with told_to_operator("explain"):
        _print(explain(view, spool_of(settings), arguments.key))
    return 0


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
