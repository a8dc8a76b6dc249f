"""Counter: a desk as a house has it. Each asker is answered in his own language, in blocks, with buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cocoai.answer import Answerer
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
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
from cocoai.webhook import InteractionsHandler
from tests.failures.seen import betrayals, read, shown
from tests.house import payload
from tests.job_runner import RecordingRunner
from tests.options import FixedIdentity, options
from tests.test_answer import Desk

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")
ASKER = "U0ASKER01"
QUESTIONS = {"ja": "これは何ですか", "en": "what is this"}
MOST_RUNS = 10


class Counter(Desk):
    """Between the practice servers; nobody waits for what a dead process may have sent."""

    def __init__(self, var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        super().__init__(var, certificates, slack, openai)
        self.changes = {"phrases": TextsByLanguage(LANGUAGES, "auto"), "layout": Layout("markdown"), "buttons": True}

    def answerer(self, kind: type[Answerer] = Answerer) -> Answerer:
        slack, chatgpt = self.outside()
        return kind(
            self.spool,
            options(**self.changes),
            slack,
            chatgpt,
            identity=FixedIdentity(),
            folder=str(self.var),
            clock=self.clock,
            sleep=lambda _: None,
        )

    def run_to_the_end(self) -> None:
        """Job processes come and go, and time passes, until nothing is left to be done."""
        for _ in range(MOST_RUNS):
            if not self.spool.keys("ready"):
                return
            self.run()
            self.wait()
        raise AssertionError("it never ends")

    def answered(self, text: str) -> Message:
        """A question that was seen to, whatever came of it."""
        question = self.ask(text)
        self.run_to_the_end()
        return question

    def share(self, text: str, file: PracticeFile) -> Message:
        """A question with a file that was seen to; its event told nothing of the file, as an app_mention may."""
        message = self.slack.share(ASKER, f"<@U0COCOAI> {text}", [file])
        ts = message.ts
        question = Question("mention", message.channel, ts, ts, ASKER, "T0", message.text, "Ev", 0, is_bare=True)
        assert self.spool.put(Key.parse(question.key), question.facts())
        self.run_to_the_end()
        return message

    def click(self, message: Message, action: str, user: str = ASKER) -> int:
        """Press a button of a message of ours; the status that Slack hears."""
        (value,) = (
            each["value"] for block in message.blocks for each in block.get("elements", ()) if _is(each, action)
        )
        button = {"type": "button", "action_id": f"cocoai_{action}", "value": value}
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        told: dict[str, Any] = {"type": "block_actions", "container": container}
        told |= {"message": {"ts": message.ts, "text": message.text}}
        told |= {"user": {"id": user, "team_id": US.team_id}}
        told |= {"actions": [button | {"action_ts": f"{int(self.clock())}.000100"}]}
        body = urlencode({"payload": json.dumps(told)}).encode()
        headers = {name.lower(): value for name, value in self.slack.signed(body, at=self.clock()).items()}
        handler = InteractionsHandler(
            InteractionAnalyzer(SIGNING_SECRET, who=lambda: US),
            self.spool,
            RecordingRunner(self.spool),
            Scoreboard(None, slots=0),
            clock=self.clock,
        )
        return handler(Request("POST", "/slack/interactions", headers, body)).status

    def paragraphs(self, question: Message, kind: str = "") -> list[str]:
        """All that the asker reads under his question, of one kind of message only if it is given."""
        messages = [each for each in self.replies(question) if kind in ("", payload(each).get("kind"))]
        return [paragraph for message in messages for paragraph in read(message).split("\n\n")]


def _is(element: object, action: str) -> bool:
    return isinstance(element, dict) and element.get("action_id") == f"cocoai_{action}"


@contextmanager
def counter(var: Path, certificates: Certificates) -> Iterator[Counter]:
    """Open for a test. Whatever that was about, nothing of ours alone has reached Slack when it ends."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = Counter(var, certificates, slack, openai)
        yield made
        said = [shown(call) for call in slack.calls if call.method.startswith("chat.")]

    assert [] == [(text, found) for text in said if (found := betrayals(text))]
