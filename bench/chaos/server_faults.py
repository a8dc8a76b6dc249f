"""The faults and delays of the practice Slack and OpenAI in a chaos run, drawn anew with each question."""

from __future__ import annotations

import random
from typing import Any

from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault

MODEL_FAULT, SLACK_FAULT, REDELIVERY = 0.03, 0.03, 0.1
"""Probabilities, for each question, of a fault of the model, of a fault of Slack, and of redeliveries after its 200."""

UNEXPLAINED = 0.06
"""Probability of an answer, for each question, that is whole, but does not say so: *Go on* stands under it."""

MEDIA_FAULT = 0.2
"""Probability of a fault of the model that draws, or hears, for each question that needs it: these are few."""

LATENCIES = (0.0, 0.0, 0.02, 0.1, 0.4)
"""Seconds that Slack's calls take, half of them before their effect.

So the request of a process that was killed may take effect after its death.
"""

SHARE_DELAYS = (0.0, 0.3, 1.0, 4.0)
"""Seconds after which Slack shows a picture."""

DRAWING_TIMES = (0.0, 0.0, 0.5, 2.0)
"""Seconds for which a picture is drawn, and nothing at all is sent."""

MODEL_FAULTS: tuple[tuple[FaultKind, dict[str, Any]], ...] = (
    ("rate limited", {"seconds": 1.0}),
    ("server error", {}),
    ("overloaded", {}),
    ("broken", {}),
    ("gone", {}),
    ("silent", {"seconds": 8.0}),
    ("pause", {"after": 1, "seconds": 8.0}),
    ("error", {"after": 1, "code": "server_error"}),
    ("cut", {"after": 1}),
    ("unfinished", {"after": 1}),
)

REFUSED: tuple[FaultKind, ...] = ("rate limited", "server error", "overloaded", "broken", "gone")
SOUND_FAULTS: tuple[FaultKind, ...] = (*REFUSED, "cut", "unfinished")
PICTURE_FAULTS: tuple[FaultKind, ...] = (*REFUSED, "silent", "cut", "cut", "moderated", "no usage", "not a picture")

SLACK_FAULTS = (
    Fault("limited", seconds=1),
    Fault("broken"),
    Fault("slow", seconds=1.0),
    Fault("gone"),
    Fault("reply lost"),
)


class ServerFaults:
    """Draws how both practice servers behave from now on, and in which ways they fail next."""

    def __init__(self, slack: PracticeSlack, openai: PracticeOpenAI, generator: random.Random) -> None:
        self._slack = slack
        self._openai = openai
        self._random = generator

    def draw(self, *, of_pictures: bool, of_sounds: bool) -> None:
        """Choose the order of the twins, all delays and redeliveries, and perhaps a fault of either server.

        `of_pictures`, `of_sounds`: the next question is for a model that draws, or one that hears, which may fail.
        """
        choose, slack = self._random.choice, self._slack
        slack.switches.twins = choose(("mention first", "message first"))
        slack.switches.latency = choose(LATENCIES)
        slack.switches.repeat = choose((1, 2)) if self._random.random() < REDELIVERY else 0
        slack.switches.share_delay = choose(SHARE_DELAYS)
        slack.switches.second_share = choose(("refused", "shown"))
        slack.switches.share_echo = choose(("user", "bot_id"))
        slack.switches.shares_told = choose(("all", "all", "no threads"))
        self._openai.switches.picture_delay = choose(DRAWING_TIMES)
        if self._random.random() < MODEL_FAULT:
            kind, options = choose(MODEL_FAULTS)
            self._openai.fail(kind, 1, **options)
        if self._random.random() < UNEXPLAINED:
            self._openai.fail("unexplained")
        if of_pictures and self._random.random() < MEDIA_FAULT:
            self._openai.fail_picture(choose(PICTURE_FAULTS), seconds=8.0)
        if of_sounds and self._random.random() < MEDIA_FAULT:
            self._openai.fail(choose(SOUND_FAULTS), of_sounds=True)
        if self._random.random() < SLACK_FAULT:
            slack.fail("*", choose(SLACK_FAULTS))
