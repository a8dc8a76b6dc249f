"""InteractionsEndpoint: the handler of interactions behind a small server, for tests without a pool of processes."""

from __future__ import annotations

from typing import Any, cast

from cocoai.ask_forms import AskForms
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.short_process import ShortProcesses
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import refusal_response
from cocoai.errors import Refused
from cocoai.interactions import InteractionsHandler
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, TOKEN
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.api.open_form import FORM_TIMEOUTS
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.texts import TextsByLanguage
from tests.answer_harness import AnswerHarness
from tests.job_runner import RecordingRunner
from tests.options import US


class Inline:
    """Short processes that are none: each is run at once, unless all are `taken`."""

    taken = False

    def start(self, run: Any) -> bool:
        """Call `run`; return False, without a call, if all are taken."""
        if not self.taken:
            run()
        return not self.taken


class InteractionsEndpoint(PracticeServer):
    """A server that answers what the practice Slack posts, with a harness's spool; what comes after is run at once."""

    def __init__(self, harness: AnswerHarness, certificates: Certificates, **access: Any) -> None:
        super().__init__()
        self.processes = Inline()
        self._client = DirectClient(tls_context(str(certificates.ca_file)))
        self._harness = harness
        self._runner = RecordingRunner(harness.spool)
        phrases = TextsByLanguage({"ja": harness.words, "en": harness.words}, "auto")
        processes = cast("ShortProcesses", self.processes)
        forms = AskForms(harness.spool, self._runner, processes, self._calls, phrases, lambda _user: "")
        analyzer = InteractionAnalyzer(SIGNING_SECRET, who=lambda: US, access=AccessRules(**access))
        self.handler = InteractionsHandler(
            analyzer, harness.spool, self._runner, Scoreboard(None, slots=0), forms, clock=harness.clock
        )

    def answer(self, incoming: Incoming) -> Outgoing:
        """Answer an interaction as a worker does; an event is taken, and forgotten."""
        if incoming.path != "/slack/interactions":
            return Outgoing(200)
        try:
            response = self.handler(Request(incoming.method, incoming.path, incoming.headers, incoming.body))
        except Refused as refusal:
            response = refusal_response(refusal)
        if response.after:
            response.after()
        return Outgoing(response.status, response.body, response.headers)

    def stop(self) -> None:
        """Stop the server, and close the connection to Slack."""
        super().stop()
        self._client.close()

    def _calls(self) -> SlackCalls:
        harness = self._harness
        options: dict[str, Any] = {"api_url": harness.slack.api_url, "token": TOKEN, "clock": harness.clock}
        return SlackCalls(self._client, sleep=harness.sleep, patience=0.0, timeouts=FORM_TIMEOUTS, **options)
