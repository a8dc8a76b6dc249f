"""World: a practice Slack with a clock of its own, and runs that bring one picture into one thread and can be killed.

Time is a number here: Slack shows a file so many seconds after its last step, by the clock that the client sleeps on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cocoai.engine.client.direct import DirectClient
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import Begun, InThread, OutgoingFile, Place, bring_file

CHANNEL = "C0PRACTICE"
COMPLETE = "files.completeUploadExternal"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: no request here is over TLS."""


class Killed(BaseException):
    """The process is killed here."""


class World:
    """A practice Slack with a clock of its own, one picture for one thread, and the runs that bring it there.

    `lateness` is in seconds. A run is killed at its `kill_at`-th point: before and after each request and each record.
    """

    def __init__(self, path: Path, lateness: float) -> None:
        self.now = 1_000_000.0
        self.lateness = lateness
        self.slack = PracticeSlack(switches=SlackSwitches(share_delay=None), clock=lambda: self.now)
        self.file = OutgoingFile(str(path), "cat.png", "A cat", "A grey cat")
        self.place = Place(CHANNEL, self.slack.say("U0ASKER01", "draw a cat").ts)
        self.recorded: Begun | None = None
        self.keeps = True
        self.point = 0
        self.kill_at = 0
        self._due: list[float] = []

    def run(self, kill_at: int = 0) -> InThread:
        """Bring the picture into the thread in a new process, which is killed at that point (0: never)."""
        self.point, self.kill_at = 0, kill_at
        client = Client(self)
        chat = SlackChat(client, api_url=self.slack.api_url, token=TOKEN, sleep=self.sleep, patience=0.0)
        try:
            return bring_file(
                chat,
                self.file,
                self.place,
                self.recorded,
                self.record,
                clock=lambda: self.now,
                sleep=self.sleep,
            )
        finally:
            client.close()

    def killed(self, kill_at: int) -> bool:
        """Run, and be killed at that point; return False if the run had ended before."""
        try:
            self.run(kill_at)
        except Killed:
            self.sleep(1.0)
            return True
        return False

    def pass_point(self) -> None:
        """Go past a point, or be killed at it."""
        self.point += 1
        if self.point == self.kill_at:
            raise Killed

    def record(self, begun: Begun) -> bool:
        """Keep how far the picture has come."""
        self.pass_point()
        if self.keeps:
            self.recorded = begun
        self.pass_point()
        return self.keeps

    def completed(self) -> None:
        """Take note that Slack has taken a last step: the file is due."""
        self._due = sorted([*self._due, self.now + self.lateness])

    def sleep(self, seconds: float) -> None:
        """Let time pass; what is due is shown by then, each at its time."""
        end = self.now + seconds
        while self._due and self._due[0] <= end:
            self.now = max(self.now, self._due.pop(0))
            self.slack.show_uploads(1)
        self.now = end

    def pictures(self) -> list[str]:
        """Return the ts of each message in the channel that shows a picture, once all that was due has been shown."""
        self.sleep(300.0)
        shown = [each for each in self.slack.messages() if any(not file.is_deleted for file in each.files)]
        assert {self.place.thread_ts} >= {each.thread_ts for each in shown}
        return [each.ts for each in shown]

    def outcomes(self, method: str) -> list[str]:
        """Return how the calls of a method have ended."""
        return [call.outcome for call in self.slack.calls if call.method == method]


class Client(DirectClient):
    """A client of one process of the world."""

    def __init__(self, world: World) -> None:
        super().__init__(PLAIN)
        self._world = world

    def post(self, url: str, *rest: Any) -> Any:
        """Send a request, unless killed before it, or behind it."""
        return self._sent(super().post, url, *rest)

    def post_file(self, url: str, *rest: Any) -> Any:
        """Send a request as `post` does."""
        return self._sent(super().post_file, url, *rest)

    def _sent(self, send: Callable[..., Any], url: str, *rest: Any) -> Any:
        self._world.pass_point()
        before = len([each for each in self._world.outcomes(COMPLETE) if each in ("ok", "reply lost")])
        try:
            return send(url, *rest)
        finally:
            if len([each for each in self._world.outcomes(COMPLETE) if each in ("ok", "reply lost")]) > before:
                self._world.completed()
            self._world.pass_point()
