"""Run `cocoai`, the operator's command line. Each command's arguments are parsed here; other packages do the work.

What only one command needs is imported inside it, so that the others start quickly.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from cocoai import config
from cocoai.backup.command import add_backup, add_restore
from cocoai.check.command import add_check
from cocoai.documents_command.command import add_documents
from cocoai.errors import CocoAIError
from cocoai.install.command import add_install
from cocoai.interruption import interruptible
from cocoai.output import Output, OutputClosed
from cocoai.spool_command import add_spool
from cocoai.store.command import add_store
from cocoai.tune.command import add_tune, read_machine
from cocoai.up import LISTEN, Up, etc
from cocoai.up.machine import become_owner
from cocoai.usage.command import add_forget, add_usage
from cocoai.version import ShowVersion


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 for success, 1 for an error, which goes to stderr as one line.

    `cocoai status` has codes of its own. For wrong usage argparse exits with 2. A command whose output nobody reads any
    more ends with 1, and says nothing. `argv` is by default the process's own.
    """
    output = Output(sys.stdout)
    try:
        with contextlib.redirect_stdout(output):
            try:
                arguments = _parser().parse_args(argv)
                status: int = arguments.command(arguments)
            finally:
                output.flush()
    except OutputClosed:
        return 1
    except (CocoAIError, OSError) as error:
        print(f"cocoai: {error}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; `command` in its result is the function that runs the chosen one."""
    parser = argparse.ArgumentParser(prog="cocoai", description="A Slack bot on your own smallest machine.")
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_install(commands)
    _add_up(commands)
    _add_rehearse(commands)
    _add_config(add_check(commands))
    _add_status(commands)
    tune = add_tune(commands)
    tune.set_defaults(command=_tune)
    _add_config(tune)
    _add_config(add_spool(commands))
    _add_config(add_usage(commands))
    _add_config(add_forget(commands))
    _add_config(add_documents(commands))
    _add_config(add_store(commands))
    _add_config(add_backup(commands))
    _add_config(add_restore(commands))
    _add_manifest(commands)
    return parser


def _add_up(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    up = commands.add_parser("up", help="nginx, supervisor and the pool on this machine, until Ctrl-C")
    _add_config(up)
    up.add_argument("--listen", metavar="HOST:PORT", default=LISTEN, help="where nginx listens (%(default)s)")
    up.set_defaults(command=_up)


def _add_rehearse(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rehearse = commands.add_parser("rehearse", help="the same against a practice Slack and OpenAI, with a page")
    rehearse.add_argument("--listen", metavar="HOST:PORT", default=LISTEN, help="where nginx listens (%(default)s)")
    rehearse.add_argument("--port", type=int, default=8090, help="of the practice Slack's page (%(default)s)")
    published = "have the page listen on all addresses, for a container, whose port is published"
    rehearse.add_argument("--publish", action="store_true", help=published)
    rehearse.add_argument("--once", action="store_true", help="end after the first conversation; 0 if it was answered")
    wrong = "play a wrong thing after the first conversation, again for several; `list` names them"
    rehearse.add_argument("--wrong", metavar="NAME", action="append", default=[], help=wrong)
    rehearse.add_argument("--openai", action="store_true", help="ask the real OpenAI, with OPENAI_API_KEY")
    rehearse.set_defaults(command=_rehearse)


def _add_status(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    status = commands.add_parser("status", help="what the pool is doing, and how the answers fare")
    _add_config(status)
    status.add_argument("--json", action="store_true", help="for programs; times in seconds, memory in KiB")
    status.add_argument("--watch", action="store_true", help="look again every 2 s, until Ctrl-C")
    status.epilog = "Exit code: 0 if the pool is running, 3 if it is not, 4 if that cannot be known."
    status.set_defaults(command=_status)


def _add_manifest(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    manifest = commands.add_parser("manifest", help="the Slack app manifest, to paste at api.slack.com/apps")
    manifest.add_argument("--url", metavar="https://HOST", required=True, help="where Slack finds this machine")
    _add_config(manifest)
    manifest.set_defaults(command=_manifest)


def _add_config(parser: argparse.ArgumentParser) -> None:
    found = f"the settings; else $COCOAI_CONFIG, ./cocoai.ini, {config.SYSTEM_FILE}"
    parser.add_argument("--config", metavar="FILE", help=found)


def _up(arguments: argparse.Namespace) -> int:
    """Run nginx, supervisor and the pool here, as their `var`'s owner, until a signal comes; return 0."""
    settings = config.read(arguments.config, os.environ)
    for warning in settings.warnings:
        print(f"cocoai: {warning}", file=sys.stderr)
    os.umask(0o077)  # what the pool writes are people's questions
    become_owner(settings.paths.var)
    run_until_signal(Up(settings.paths.var, listen=arguments.listen, config=settings.file))
    return 0


def run_until_signal(up: Up) -> None:
    """Start `up`, wait for Ctrl-C, TERM or HUP, and stop it. Raise CocoAIError if it cannot start or ends by itself."""
    with interruptible(), up:
        print(f"CocoAI is ready at {up.address}/slack/events (logs: {up.log}; Ctrl-C ends it)", flush=True)
        up.wait()


def _rehearse(arguments: argparse.Namespace) -> int:
    """Run the bot against a practice Slack; return the exit code, 1 if a signal ended it early."""
    from cocoai.rehearsal import rehearse, wrong

    if "list" in arguments.wrong:
        print("\n".join(wrong.listed()))
        return 0
    things = wrong.find(arguments.wrong)
    if things and arguments.once:
        raise CocoAIError("--wrong is to be looked at: leave out --once")

    def wait() -> None:
        with interruptible():
            threading.Event().wait()

    become_owner(rehearse.FOLDER)
    try:
        with interruptible():
            return rehearse.rehearse(
                listen=arguments.listen,
                port=arguments.port,
                published=arguments.publish,
                once=arguments.once,
                openai=arguments.openai,
                up=Up,
                wait=wait,
                wrong=things,
            )
    except OSError as error:
        raise CocoAIError(f"cannot rehearse: {error}") from None
    return 1


def _status(arguments: argparse.Namespace) -> int:
    """Print the status once, or with `--watch` until a signal comes; return the exit code: the pool's state, or 0."""
    from cocoai.status import terminal

    settings = config.read_for_a_look(arguments.config, os.environ)
    become_owner(settings.paths.var)
    try:
        if not arguments.watch:
            return terminal.show(settings, sys.stdout, is_json=arguments.json)
        with interruptible(), contextlib.suppress(OutputClosed):
            terminal.watch(settings, sys.stdout, is_json=arguments.json)
    except FileNotFoundError as error:
        raise CocoAIError(f"there is no {error.filename}") from None
    except OSError as error:
        raise CocoAIError(f"cannot read {error.filename or 'the status'}: {error.strerror or error}") from None
    return 0


def _tune(arguments: argparse.Namespace) -> int:
    """Measure CocoAI in a rehearsal and print the advised settings; return 0, or 1 if a signal ended it early."""
    from cocoai.tune.advice import report
    from cocoai.tune.measure import measure

    machine, seen = read_machine(arguments)
    print("Rehearsing for half a minute, to measure ...", file=sys.stderr, flush=True)
    with interruptible(), tempfile.TemporaryDirectory(prefix="cocoai-") as folder:
        measurement = measure(Up, Path(folder))
        print("\n".join(report(measurement, machine, seen)))
        return 0
    return 1


def _manifest(arguments: argparse.Namespace) -> int:
    from cocoai.check.slack_scopes import FILES, wanted_scopes

    wanted = wanted_scopes(config.read_for_a_look(arguments.config, os.environ))
    optional = {FILES, etc.REACTIONS, etc.COMMANDS, *etc.DOCUMENTS}
    print(etc.manifest(arguments.url, unused=optional.difference(wanted)), end="")
    return 0
