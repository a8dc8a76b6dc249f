"""Fixtures: practice servers, once for each module, with a desk beside them."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cocoai.rehearsal.certificates import Certificates
    from tests.check.desk import Desk


@pytest.fixture(scope="module")
def servers(certificates: Certificates) -> Iterator[Desk]:
    """Start a practice Slack and a practice OpenAI.

    The desk's `var` is on a disk, as /var/tmp is by the Filesystem Hierarchy Standard: in memory it would be wrong.
    """
    from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
    from cocoai.rehearsal.slack.practice_slack import PracticeSlack
    from tests.check.desk import SECRET, Desk

    with (
        PracticeSlack(certificates, signing_secret=SECRET) as slack,
        PracticeOpenAI(certificates) as openai,
        tempfile.TemporaryDirectory(prefix="c-", dir="/var/tmp", ignore_cleanup_errors=True) as folder,
    ):
        yield Desk(Path(folder), certificates, slack, openai)


@pytest.fixture
def desk(servers: Desk) -> Iterator[Desk]:
    """Return the desk; afterwards the servers have their usual manners again."""
    yield servers
    servers.reset()


@pytest.fixture(autouse=True)
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a name below .invalid be unknown at once: a machine without a network would ask for it for long."""
    asked = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return asked(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
