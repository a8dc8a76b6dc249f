"""Connect to Slack and OpenAI, and to the ledger that counts what OpenAI costs, as the settings say."""

from __future__ import annotations

import os
import ssl
import time
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.answer import Books
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.factory import new_client
from cocoai.ledger.caps import Caps
from cocoai.ledger.cost import is_openai
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.months import read_months
from cocoai.ledger.prices import read_prices
from cocoai.ledger.tariff import Tariff
from cocoai.slack.api.calls import TIMEOUTS, SlackCalls
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.open_form import FORM_TIMEOUTS
from cocoai.slack.model.identity import Identity
from cocoai.stores import ledger_store
from cocoai.troubles.store import Troubles
from cocoai.troubles.watch import SlackWatch

if TYPE_CHECKING:
    from cocoai.chatgpt.pictures import ChatGPTPictures
    from cocoai.chatgpt.transcription import Transcriber
    from cocoai.engine.mariadb.mariadb import MariaDB

SLACK_PATIENCE = 20.0
"""Seconds for which one call waits out Slack's rate limit; a longer one puts the job off."""


class Connections:
    """The maker of connections to Slack and OpenAI, called in each process that speaks to them.

    How Slack takes our calls is noted as a trouble below `var`, or its end.
    """

    def __init__(self, settings: config.Settings, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._context = context
        self._troubles = Troubles(settings.paths.var)

    def slack(self) -> SlackChat:
        """Return a new connection to Slack; it connects at the first call."""
        slack = self._settings.slack
        return SlackChat(
            self._client(),
            api_url=slack.api_url,
            token=slack.bot_token,
            patience=SLACK_PATIENCE,
            watch=SlackWatch(self._troubles),
        )

    def form_calls(self) -> SlackCalls:
        """Return a new connection to Slack for one call that must not wait: a form can be opened for 3 seconds."""
        return self.prompt_calls(FORM_TIMEOUTS)

    def prompt_calls(self, timeouts: tuple[float, float] = TIMEOUTS) -> SlackCalls:
        """Return a new connection to Slack for calls that do not wait out a rate limit; it connects at the first."""
        slack = self._settings.slack
        return SlackCalls(
            self._client(),
            api_url=slack.api_url,
            token=slack.bot_token,
            clock=time.monotonic,
            sleep=time.sleep,
            patience=0.0,
            watch=SlackWatch(self._troubles),
            timeouts=timeouts,
        )

    def chatgpt(self) -> ChatGPTChat:
        """Return a new connection to OpenAI; it connects at the first call."""
        # The section's keys are ChatGPTChat's own names.
        openai = self._settings.openai
        return ChatGPTChat(self._client(), **{**vars(openai), "service_tier": service_tier(openai)})

    def transcriber(self) -> Transcriber:
        """Return a new connection to the model that hears sounds; it connects at the first call."""
        from cocoai.chatgpt.transcription import Transcriber

        openai, model = self._settings.openai, self._settings.speech.model
        return Transcriber(
            self._client(),
            base_url=openai.base_url,
            api_key=openai.api_key,
            model=model,
            connect_timeout=openai.connect_timeout,
        )

    def pictures(self) -> ChatGPTPictures:
        """Return a new connection to the models that draw; it connects at the first call."""
        from cocoai.chatgpt.pictures import ChatGPTPictures

        openai = self._settings.openai
        return ChatGPTPictures(
            self._client(),
            base_url=openai.base_url,
            api_key=openai.api_key,
            connect_timeout=openai.connect_timeout,
            total_timeout=self._settings.images.total_timeout,
        )

    def ask_identity(self) -> Identity:
        """Return our team's and bot user's ids, from a call to Slack (auth.test) on a new connection.

        Raise `Temporary` or `Permanent` if the call fails.
        """
        return self.slack().auth_test()

    def _client(self) -> HttpClient:
        return new_client(self._context, self._settings.network.proxy or None)


def service_tier(openai: config.OpenAISettings) -> str:
    """Return the service tier that requests name, by the settings; "" if they name none."""
    chosen = {"none": "", "auto": "default" if is_openai(openai.base_url) else ""}
    return chosen.get(openai.service_tier, openai.service_tier)


def books_of(settings: config.Settings, database: MariaDB | None = None) -> Books:
    """Return the ledger with its caps and months, and the prices, from the settings.

    Raise CocoAIError if this machine does not know the time zone.
    """
    budget, var = settings.budget, settings.paths.var
    caps = Caps(budget.monthly_usd, budget.per_person_usd, budget.per_channel_usd, budget.warn_at)
    return Books(
        Ledger(ledger_store(settings, database), caps, read_months(budget.timezone)),
        Tariff(read_prices(settings.prices), settings.openai.base_url),
        TokenRatio(os.path.join(var, "calibration.json")),
    )
