"""A harness with production's options: each asker is answered in the question's language, in blocks, with buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.interactions import InteractionsHandler
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.texts import LANGUAGES, TextsByLanguage
from tests.answer_harness import AnswerHarness
from tests.deployment import payload
from tests.failures.visible import leaks, text_shown_by, visible_text
from tests.footer import pressing
from tests.job_runner import RecordingForms, RecordingRunner

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")
ASKER = "U0ASKER01"
QUESTIONS = {"ja": "これは何ですか", "en": "what is this"}
MOST_RUNS = 10
"""Job processes after which every job must have ended."""


class LocalizedHarness(AnswerHarness):
    """An Answerer between the practice servers, in all languages; no sleep for what a dead process may have sent."""

    def __init__(self, var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        super().__init__(var, certificates, slack, openai)
        self.changes = {"phrases": TextsByLanguage(LANGUAGES, "auto"), "layout": Layout("markdown"), "buttons": True}

    def settle(self, seconds: float) -> None:
        """Do not wait: no killed process has sent anything."""

    def run_to_the_end(self) -> None:
        """Run job processes, and let time pass between them, until no job is left. Raise AssertionError after ten."""
        for _ in range(MOST_RUNS):
            if not self.spool.keys("ready"):
                return
            self.run()
            self.wait()
        raise AssertionError("the jobs never end")

    def ask_and_run(self, text: str) -> Message:
        """Ask a question, run until its job has ended, and return the question."""
        question = self.ask(text)
        self.run_to_the_end()
        return question

    def share_and_run(self, text: str, file: PracticeFile) -> Message:
        """Ask a question with a file, run until its job has ended, and return the question.

        Its event has no word of the file, as an app_mention's may.
        """
        message = self.slack.share(ASKER, f"<@U0COCOAI> {text}", [file])
        ts = message.ts
        question = Question("mention", message.channel, ts, ts, ASKER, "T0", message.text, "Ev", 0, is_bare=True)
        assert self.spool.put(Key.parse(question.key), question.facts())
        self.run_to_the_end()
        return message

    def click(self, message: Message, action: str, user: str = ASKER) -> int:
        """Press a button or an icon of one of our messages, whoever sees it; return the status that Slack gets."""
        pressed = pressing(message, action)
        button = {"type": "button", "action_id": pressed["action"], "value": pressed["value"]}
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        event: dict[str, Any] = {"type": "block_actions", "container": container}
        event |= {"message": {"ts": message.ts, "text": message.text}}
        event |= {"user": {"id": user, "team_id": US.team_id}}
        event |= {"actions": [button | {"action_ts": f"{int(self.clock())}.000100"}]}
        body = urlencode({"payload": json.dumps(event)}).encode()
        headers = {name.lower(): value for name, value in self.slack.signed(body, at=self.clock()).items()}
        handler = InteractionsHandler(
            InteractionAnalyzer(SIGNING_SECRET, who=lambda: US),
            self.spool,
            RecordingRunner(self.spool),
            Scoreboard(None, slots=0),
            RecordingForms(),
            clock=self.clock,
        )
        return handler(Request("POST", "/slack/interactions", headers, body)).status

    def paragraphs(self, question: Message, kind: str = "") -> list[str]:
        """Return the paragraphs under a question that the asker can read; of one `kind` of message if it is given."""
        messages = [each for each in self.replies(question) if kind in ("", payload(each).get("kind"))]
        return [paragraph for message in messages for paragraph in visible_text(message).split("\n\n")]


@contextmanager
def localized_harness(var: Path, certificates: Certificates) -> Iterator[LocalizedHarness]:
    """Yield a harness for a test. Check at its end that nothing private has reached Slack, whatever the test did."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = LocalizedHarness(var, certificates, slack, openai)
        yield made
        posted = [text_shown_by(call) for call in slack.calls if call.method.startswith("chat.")]

    assert [] == [(text, found) for text in posted if (found := leaks(text))]
