"""The way back: the version before, which is still there, takes over again."""

from __future__ import annotations

from collections.abc import Iterator

from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.plan import checked
from cocoai.install.proof import Proof
from cocoai.install.releases import Releases
from cocoai.install.services import reload
from cocoai.install.steps import Task, run
from cocoai.spool.spool import Spool

_KINDS = "from cocoai.slack.model.job_kinds import JOB_KINDS; print(*JOB_KINDS)"


def tasks(instance: Instance, choices: Choices) -> Iterator[Task]:
    """Yield the tasks by which the version before takes over.

    Raise CocoAIError if there is none, or if it does not know the kind of a job that waits: that would wait on.
    """
    previous = Releases(instance).previous()
    known = set(run([f"{previous}/bin/python", "-c", _KINDS]).split())
    unknown = sorted(waiting_kinds(instance.var) - known)
    if unknown:
        raise CocoAIError(
            f"the version before does not know what waits: {', '.join(unknown)}."
            f" Wait until `{instance.id} spool list` shows nothing as ready, then type the same again."
        )
    yield Task("a look at the settings, by the version before", [checked(instance, previous)])
    yield Task("back to the version before", [Releases(instance).turn(previous), reload(instance)])
    yield Task("the proof: a question as Slack asks it, at the public address", [Proof(instance, choices)])


def waiting_kinds(var: str) -> set[str]:
    """Return the kinds of the jobs that wait, or are being done, in the spool below `var`."""
    spool = Spool(var)
    kinds = set()
    for key in spool.keys("ready"):
        lines = spool.peek("ready", key)
        kinds.add(str(lines[0].get("kind", "")) if lines else "")
    return kinds - {""}
