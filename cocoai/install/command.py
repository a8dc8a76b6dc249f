"""`cocoai install`: its command line, what it asks, and how it tells what it does."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cocoai.errors import CocoAIError
from cocoai.install import choices as chosen
from cocoai.install import removal, settings
from cocoai.install.choices import SHAPES, Choices
from cocoai.install.instance import Instance, instance
from cocoai.install.plan import Plan
from cocoai.install.releases import find_source
from cocoai.install.rollback import tasks as rollback_tasks
from cocoai.install.slack_page import after, before
from cocoai.install.steps import Task
from cocoai.install.system import base_python, has_systemd, require_usable, this_system

_LOCK = "/run/cocoai-install.lock"


def add_install(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `cocoai install` to the commands."""
    install = commands.add_parser(
        "install", help="into production on this machine, as root; again: upgrade; --rollback, --remove"
    )
    install.add_argument("--domain", metavar="NAME", help="the name under which Slack finds this machine")
    install.add_argument("--email", metavar="ADDRESS", help="to which warnings about the certificate go")
    install.add_argument("--certificate", metavar="FILE", help="of yours, with its chain; else certbot fetches one")
    install.add_argument("--key", metavar="FILE", help="the certificate's key")
    install.add_argument("--self-signed", action="store_true", help="make a certificate, to try; Slack trusts none")
    install.add_argument("--certbot", action="store_true", help="let certbot fetch one, after another kind was chosen")
    install.add_argument("--with", choices=SHAPES, dest="shape", help=f"what runs the pool ({SHAPES[0]})")
    install.add_argument("--name", metavar="NAME", default="", help="a second copy beside the first, such as qa")
    install.add_argument("--from", metavar="PATH", dest="source", default="", help="a checkout or a wheel (this one)")
    install.add_argument("--yes", action="store_true", help="ask nothing; secrets come from the environment")
    install.add_argument("--dry-run", action="store_true", help="change nothing; print what one could type instead")
    install.add_argument("--rollback", action="store_true", help="go back to the version before")
    install.add_argument("--remove", action="store_true", help="take all away but settings, questions, ledger and logs")
    install.add_argument("--purge", action="store_true", help="with --remove: take those away too")
    install.set_defaults(command=install_command)


def install_command(arguments: argparse.Namespace) -> int:
    """Install, upgrade, go back, or remove; return 0. Raise CocoAIError with what to do if that fails."""
    _check_options(arguments)
    place = instance(arguments.name)
    if arguments.dry_run:
        _print_commands(_tasks(arguments, place))
        return 0
    if os.geteuid() != 0:
        raise CocoAIError("this changes the system: type it with sudo. With --dry-run it only prints the commands.")
    if not has_systemd():
        raise CocoAIError("systemd does not run this machine. With --dry-run it prints the commands, to go by hand.")
    os.umask(0o022)
    with _alone():
        try:
            for task in _tasks(arguments, place):
                _do(task)
        except KeyboardInterrupt:
            raise CocoAIError("interrupted. Type the same again: it goes on from here.") from None
    if not (arguments.remove or arguments.rollback):
        kept = chosen.kept(place)
        print(after(kept.domain if kept else arguments.domain, place.id))
    return 0


def _check_options(arguments: argparse.Namespace) -> None:
    if arguments.remove and arguments.rollback:
        raise CocoAIError("--remove and --rollback: choose one")
    if arguments.certbot and (arguments.certificate or arguments.key or arguments.self_signed):
        raise CocoAIError("--certbot fetches a certificate: give it without --certificate, --key and --self-signed")
    if arguments.purge and not arguments.remove:
        raise CocoAIError("--purge goes with --remove")


def _tasks(arguments: argparse.Namespace, place: Instance) -> Iterator[Task]:
    """Return the tasks that were asked for; what must be asked for first is asked here, before anything is changed."""
    kept = chosen.kept(place)
    if arguments.remove:
        return removal.tasks(place, kept, purge=arguments.purge)
    if arguments.rollback:
        if kept is None:
            raise CocoAIError(f"{place.id} is not installed here")
        return rollback_tasks(place, kept)
    system = this_system()
    if not arguments.dry_run:
        require_usable(base_python())
    source = find_source(arguments.source)
    may_ask = sys.stdin.isatty() and not (arguments.yes or arguments.dry_run)
    choices = _choices(arguments, kept, may_ask=may_ask)
    _check_place(place, choices)
    secrets = None
    if settings.missing(place):
        if arguments.dry_run:
            secrets = {key: settings.HIDDEN for _, key, _, _ in settings.SECRETS}
        else:
            if may_ask:
                print(before(choices.domain))
            secrets = settings.ask(os.environ, may_ask=may_ask)
    return Plan(place, choices, source, system, secrets).tasks()


def _check_place(place: Instance, choices: Choices) -> None:
    """Raise CocoAIError if this machine has something in the way, before anything is changed."""
    for other, theirs in chosen.others(place):
        if theirs.domain == choices.domain:
            raise CocoAIError(f"--domain {choices.domain}: {other} has this name already; each copy needs its own")
    if os.path.isdir(place.current) and not os.path.islink(place.current):
        raise CocoAIError(f"{place.current} is a folder, and has to be a link: move it away, then type the same again")


def _choices(arguments: argparse.Namespace, kept: Choices | None, *, may_ask: bool) -> Choices:
    """Return what was chosen now, else the last time, else the defaults. Raise CocoAIError if that cannot be meant."""
    domain = arguments.domain or (kept.domain if kept else "")
    if not domain and may_ask:
        domain = input("The name under which Slack finds this machine, such as cocoai.example.com: ").strip()
    if not domain:
        raise CocoAIError("--domain is missing: the name under which Slack finds this machine")
    choices = replace(kept or Choices(""), domain=domain)
    if arguments.shape:
        choices = replace(choices, shape=arguments.shape)
    if arguments.email:
        choices = replace(choices, email=arguments.email)
    if arguments.certificate or arguments.key or arguments.self_signed or arguments.certbot:
        choices = replace(
            choices,
            certificate=arguments.certificate or "",
            key=arguments.key or "",
            is_self_signed=arguments.self_signed,
        )
    choices.check()
    return choices


def _do(task: Task) -> None:
    """Do what of a task is not done, and say so in a line."""
    print(f"- {task.title} ... ", end="", flush=True)
    done = 0
    try:
        for step in task.steps:
            if not step.is_done():
                step.do()
                done += 1
    except BaseException:
        print("failed", flush=True)
        raise
    print("done" if done else "nothing to do", flush=True)


def _print_commands(tasks: Iterable[Task]) -> None:
    """Print what one could type for all that is not done yet, as root."""
    print("umask 022")
    for task in tasks:
        print(f"\n# {task.title}")
        for step in task.steps:
            if not step.is_done():
                print("\n".join(step.typed()))


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let nobody else install meanwhile, as a context manager. Raise CocoAIError if somebody does."""
    with open(_LOCK, "w", encoding="ascii") as lock:
        # Our commands have it open too (steps.run): if we are killed alone, pip or apt works on, and nobody may begin.
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 (its only form)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CocoAIError("another `cocoai install` is under way") from None
        yield
