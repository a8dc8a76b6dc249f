"""Define all settings: every key once, with the values it may have, its default and what it is for.

sections.py reads them; bin/settings-reference writes README.md's tables of them. Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, get_type_hints

from cocoai.config.budget_settings import BudgetSettings
from cocoai.config.channel_settings import ChannelSettings, PersonaSettings
from cocoai.config.document_settings import DocumentSettings, HistorySettings
from cocoai.config.image_settings import ImageSettings
from cocoai.config.network_settings import NetworkSettings
from cocoai.config.path_settings import PathSettings
from cocoai.config.setting import Setting, required_secret
from cocoai.config.speech_settings import SpeechSettings
from cocoai.config.store_settings import StoreSettings
from cocoai.config.value_types import (
    BASE_URL,
    FILE,
    FOLDER_URL,
    IDS,
    LISTEN,
    NAME,
    SWITCH,
    Range,
    Secret,
    integer,
    integer_range,
    one_of,
    seconds,
)
from cocoai.ledger.prices import Price
from cocoai.slack.model.tasks import MessageTask
from cocoai.texts import Texts


@dataclass(frozen=True)
class SlackSettings:
    """[slack]: the app's secrets, who may ask, and how replies are sent."""

    signing_secret: Annotated[Secret, required_secret("SLACK_SIGNING_SECRET", "proves that a request comes from Slack")]
    bot_token: Annotated[
        Secret, required_secret("SLACK_BOT_TOKEN", "lets CocoAI read threads and post messages (`xoxb-…`)")
    ]
    api_url: Annotated[str, Setting(FOLDER_URL, "https://slack.com/api/", "the address of Slack's Web API")]
    follow_ups: Annotated[
        str,
        Setting(
            one_of("asker", "answered", "mention"),
            "asker",
            "what to do with a message without a mention in a thread where CocoAI was asked before: `asker` answers "
            "what is put to CocoAI and not to another person, `answered` answers all, `mention` ignores it",
        ),
    ]
    dm_replies: Annotated[
        str,
        Setting(one_of("thread", "box"), "thread", "where to answer a direct message that stands in no thread"),
    ]
    direct_messages: Annotated[bool, Setting(SWITCH, "on", "whether direct messages, and clicks in them, are answered")]
    allow_channels: Annotated[frozenset[str], Setting(IDS, "", "the only channels where CocoAI answers; empty for all")]
    allow_users: Annotated[
        frozenset[str], Setting(IDS, "", "the only people whom CocoAI answers and whose words it reads; empty for all")
    ]
    external_users: Annotated[
        bool,
        Setting(
            SWITCH,
            "off",
            "whether CocoAI answers people of other organisations in shared channels, and reads their words",
        ),
    ]
    update_interval: Annotated[
        float,
        Setting(
            seconds(0.1, 60),
            "3",
            "time between two updates of a growing reply (Slack allows about 50 updates a minute)",
        ),
    ]
    format: Annotated[
        str,
        Setting(
            one_of("markdown", "mrkdwn"),
            "markdown",
            "the format of replies; `mrkdwn` is for Slack clients without `markdown` blocks",
        ),
    ]
    interactivity: Annotated[
        bool, Setting(SWITCH, "on", "whether replies have buttons; these need Interactivity in the Slack app")
    ]


@dataclass(frozen=True)
class OpenAISettings:
    """[openai]: how the model is asked. Whatever is set here, `store` is always false."""

    api_key: Annotated[Secret, required_secret("OPENAI_API_KEY", "the key under which OpenAI bills the answers")]
    base_url: Annotated[
        str,
        Setting(
            BASE_URL,
            "https://api.openai.com/v1",
            "the address of OpenAI's API, or of another server that speaks it",
            other_names=("OPENAI_BASE_URL",),
        ),
    ]
    model: Annotated[str, Setting(NAME, "gpt-6-luna", "the model that answers")]
    max_output_tokens: Annotated[
        int, Setting(integer(16, 128_000), "2000", "the most tokens of one answer, those for thinking included")
    ]
    reasoning_effort: Annotated[
        str,
        Setting(
            one_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
            "low",
            "how much the model thinks; left out for a model that refuses it",
        ),
    ]
    connect_timeout: Annotated[float, Setting(seconds(0.1, 60), "5", "time limit for connecting")]
    first_word_timeout: Annotated[
        float,
        Setting(
            seconds(0.1, 600), "90", "time limit from the request to the first word, or the first thought that is shown"
        ),
    ]
    silence_timeout: Annotated[
        float, Setting(seconds(0.1, 600), "30", "time limit from one piece of an answer to the next")
    ]
    total_timeout: Annotated[float, Setting(seconds(0.1, 3600), "180", "time limit for the whole answer")]
    service_tier: Annotated[
        str,
        Setting(
            one_of("auto", "none", "default", "flex", "fast"),
            "auto",
            "the service tier that is asked for, by which the price goes; `auto` is `default` at OpenAI, where "
            "otherwise the project's own default counts, and `none` at other servers",
        ),
    ]


@dataclass(frozen=True)
class AnswerSettings:
    """[answer]: the instructions, the texts' language, and how much of the thread the model sees."""

    instructions: Annotated[
        str, Setting(FILE, "", "a text file with the persona's instructions; empty for CocoAI's own")
    ]
    language: Annotated[
        str, Setting(one_of("auto", "ja", "en"), "auto", "the language of the fixed texts; `auto` is the asker's")
    ]
    round_trips: Annotated[
        int, Setting(integer(0, 100), "5", "how many earlier exchanges the model sees at least, up to twice as many")
    ]
    max_history_tokens: Annotated[
        int,
        Setting(
            integer(100, 1_000_000),
            "12000",
            "the most tokens of earlier exchanges and the question's text together, estimated",
        ),
    ]
    attachments_mib: Annotated[
        int, Setting(integer(0, 20), "4", "the most MiB of a question's files together that the model sees; 0 for none")
    ]
    attachment_text_kib: Annotated[
        int, Setting(integer(1, 1000), "100", "the most KiB of each text file of a question")
    ]
    max_attachment_tokens: Annotated[
        int, Setting(integer(0, 1_000_000), "20000", "the most tokens of a question's files together, estimated")
    ]


@dataclass(frozen=True)
class PoolSettings:
    """[pool]: the processes."""

    workers: Annotated[
        Range,
        Setting(
            integer_range(64),
            "0..4",
            "how many processes receive Slack's requests; with a range, more are started when all are busy",
        ),
    ]
    idle_timeout: Annotated[
        float, Setting(seconds(1, 86_400), "60", "time after which an idle worker beyond the least number stops")
    ]
    linger: Annotated[float, Setting(seconds(0, 300), "10", "time for which one process waits for the next question")]
    max_requests: Annotated[
        int,
        Setting(
            integer(1, 1_000_000), "5000", "requests after which a worker is replaced; each worker up to 10 % earlier"
        ),
    ]
    request_timeout: Annotated[
        float, Setting(seconds(0.1, 2.5), "2", "time limit for one request; Slack gives up at 3 s")
    ]
    slow_request: Annotated[
        float, Setting(seconds(0.1, 2.5), "1", "time after which a request's stack is written to the log")
    ]
    slots: Annotated[
        int, Setting(integer(1, 1000), "4", "how many answers are written at once; each takes about 3 MiB")
    ]
    max_worker_mib: Annotated[
        int,
        Setting(integer(8, 4096), "32", "MiB of memory (PSS) above which a worker is replaced; checked every minute"),
    ]
    immortals: Annotated[
        bool,
        Setting(
            SWITCH,
            "on",
            "whether processes share more memory by making objects immortal (PEP 683), which needs Python 3.12",
        ),
    ]
    self_check: Annotated[bool, Setting(SWITCH, "on", "whether the pool asks itself daily what `cocoai check` asks")]
    status_listen: Annotated[
        tuple[str, int] | None,
        Setting(LISTEN, "127.0.0.1:8081", "where the status page listens; anyone who can connect can read it"),
    ]


SECTIONS: Mapping[str, type] = {
    "slack": SlackSettings,
    "openai": OpenAISettings,
    "answer": AnswerSettings,
    "pool": PoolSettings,
    "budget": BudgetSettings,
    "speech": SpeechSettings,
    "images": ImageSettings,
    "documents": DocumentSettings,
    "history": HistorySettings,
    "store": StoreSettings,
    "paths": PathSettings,
    "network": NetworkSettings,
}
"""The fixed sections, and the class that holds the values of each."""


@dataclass(frozen=True)
class Settings:
    """All settings. `file` is the absolute path they were read from (empty: the environment alone).

    `prices` are the operator's own, by model; `reactions` say what an emoji asks for, `texts` are the fixed texts by
    language, his own included in both; `readers` say where documents may be shown. `warnings` are sentences for him.
    `error` says what is wrong if only `paths` could be read; "" if all are.
    """

    slack: SlackSettings
    openai: OpenAISettings
    answer: AnswerSettings
    pool: PoolSettings
    budget: BudgetSettings
    speech: SpeechSettings
    images: ImageSettings
    documents: DocumentSettings
    history: HistorySettings
    store: StoreSettings
    paths: PathSettings
    network: NetworkSettings
    prices: Mapping[str, Price]
    personas: PersonaSettings
    texts: Mapping[str, Texts] = field(repr=False)
    reactions: Mapping[str, MessageTask] = field(repr=False)
    readers: Mapping[str, Collection[str] | None]
    file: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""


def settings_of(section: str) -> dict[str, Setting]:
    """Return the settings of a fixed section, or of a [channel ID], by key, in the order of the class's fields.

    Raise KeyError if there is no such section.
    """
    return _settings_of(ChannelSettings if section.startswith("channel ") else SECTIONS[section])


@cache
def _settings_of(section_class: type) -> dict[str, Setting]:
    """Return the `Setting` in the annotation of each field of the class, by the field's name."""
    hints = get_type_hints(section_class, include_extras=True)
    return {key: hint.__metadata__[0] for key, hint in hints.items()}
