"""The way back: the version before, which is still there, takes over again.

Where it leads is written down before the link is turned: a way back that was killed, begun again, must not turn round.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterator

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.plan import checked
from cocoai.install.proof import Proof
from cocoai.install.releases import Releases
from cocoai.install.services import take_over
from cocoai.install.steps import Removal, Step, Task, WholeFile, run
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.store_error import NoSuchJob

# With -P: the folder that the operator is in, a checkout, must not stand for the version that is asked.
_KINDS = ("-P", "-c", "from cocoai.slack.model.job_kinds import JOB_KINDS; print(*JOB_KINDS)")
_WAITING = (
    "-P",
    "-c",
    "import sys; from cocoai.install.rollback import waiting_kinds; print(*waiting_kinds(sys.argv[1]))",
)


def tasks(instance: Instance, choices: Choices) -> Iterator[Task]:
    """Yield the tasks by which the version before takes over.

    Raise CocoAIError if there is none, or if it does not know the kind of a job that waits: that would wait on.
    """
    target = _begun(instance) or Releases(instance).previous()
    known = set(run([f"{target}/bin/python", *_KINDS]).split())
    unknown = sorted(_waiting(instance) - known)
    if unknown:
        raise CocoAIError(
            f"the version before does not know what waits: {', '.join(unknown)}."
            f" Wait until `{instance.id} spool list` shows nothing as ready, then type the same again."
        )
    yield Task("a look at the settings, by the version before", [checked(instance, target)])
    back: list[Step] = [
        WholeFile(instance.going_back, f"{os.path.basename(target)}\n"),
        Releases(instance).turn(target),
    ]
    yield Task("back to the version before", [*back, take_over(instance, choices)])
    yield Task("the proof: a question as Slack asks it, at the public address", [Proof(instance, choices)])
    yield Task("the end of the way back", [Removal(instance.going_back)])


def waiting_kinds(var: str) -> set[str]:
    """Return the kinds of the jobs that wait, or are being done, in the spool below `var`."""
    spool = FileSpool(var)
    kinds = set()
    for key in spool.keys("ready"):
        with contextlib.suppress(NoSuchJob):  # it has just been done
            lines = spool.peek("ready", key)
            kinds.add(str(lines[0].get("kind", "")) if lines else "")
    return kinds - {""}


def _begun(instance: Instance) -> str:
    """Return the environment to which a way back leads that was begun and not ended; "" if there is none."""
    try:
        with open(instance.going_back, encoding="ascii") as file:
            name = file.read().strip()
    except FileNotFoundError:
        return ""
    return next((slot for slot in instance.slots if os.path.basename(slot) == name), "")


def _waiting(instance: Instance) -> set[str]:
    """Ask the version in use what waits, as the pool's user: root reads nothing that the pool could have laid there."""
    var = instance.var
    if os.path.exists(instance.settings):
        var = config.read(instance.settings, {}, secrets=False).paths.var
    is_me = pwd.getpwnam(instance.id).pw_uid == os.geteuid()
    user = [] if is_me else ["runuser", "-u", instance.id, "--"]
    return set(run([*user, f"{instance.current}/bin/python", *_WAITING, var]).split())
