"""The settings there are: every key once, with what it may be, its default and what it is for.

sections.py reads them; reference.py prints them, in the README's tables and in cocoai.ini.example.
Times are in seconds throughout.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, get_type_hints

from cocoai.config.kinds import (
    BASE_ADDRESS,
    FILE,
    FOLDER,
    FOLDER_ADDRESS,
    IDS,
    LISTEN,
    PROXY,
    SECRET,
    SWITCH,
    WORD,
    Kind,
    Range,
    Secret,
    one_of,
    seconds,
    whole,
    whole_range,
)
from cocoai.config.sources import Look
from cocoai.words import Words


@dataclass(frozen=True)
class Key:
    """What a key may be, what it is when nobody says, and what for; `names` are its usual names elsewhere."""

    kind: Kind
    default: str
    about: str
    names: tuple[str, ...] = ()
    required: bool = False


def _secret(name: str, about: str) -> Key:
    return Key(SECRET, "", about, names=(name,), required=True)


@dataclass(frozen=True)
class Slack:
    """What comes from Slack, what goes there, and who may ask."""

    signing_secret: Annotated[Secret, _secret("SLACK_SIGNING_SECRET", "proves that an event comes from Slack")]
    bot_token: Annotated[Secret, _secret("SLACK_BOT_TOKEN", "lets CocoAI read threads and write (`xoxb-…`)")]
    api_url: Annotated[str, Key(FOLDER_ADDRESS, "https://slack.com/api/", "Slack's Web API")]
    follow_ups: Annotated[
        str, Key(one_of("answered", "mention"), "answered", "without a mention, in a thread it knows: answer, or wait")
    ]
    direct_messages: Annotated[bool, Key(SWITCH, "on", "answer direct messages")]
    allow_channels: Annotated[frozenset[str], Key(IDS, "", "the only channels it answers in; empty: all")]
    allow_users: Annotated[frozenset[str], Key(IDS, "", "the only people it answers; empty: all")]
    external_users: Annotated[bool, Key(SWITCH, "off", "answer other organisations' people in shared channels")]
    update_interval: Annotated[
        float, Key(seconds(0.1, 60), "3", "between two updates of a growing reply (Slack allows about 50 a minute)")
    ]
    format: Annotated[
        str, Key(one_of("markdown", "mrkdwn"), "markdown", "how a reply is sent; `mrkdwn` for clients without blocks")
    ]
    interactivity: Annotated[bool, Key(SWITCH, "on", "buttons under replies; needs Interactivity in the Slack app")]


@dataclass(frozen=True)
class OpenAI:
    """How the model is asked. Whatever is set here, `store` is always false."""

    api_key: Annotated[Secret, _secret("OPENAI_API_KEY", "pays for the answers")]
    base_url: Annotated[
        str,
        Key(BASE_ADDRESS, "https://api.openai.com/v1", "any server that speaks this API", names=("OPENAI_BASE_URL",)),
    ]
    model: Annotated[str, Key(WORD, "gpt-6-luna", "the model's name")]
    max_output_tokens: Annotated[int, Key(whole(16, 128_000), "2000", "the most an answer may take, thinking included")]
    reasoning_effort: Annotated[
        str,
        Key(
            one_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
            "low",
            "how long it thinks; dropped for a model that refuses it",
        ),
    ]
    connect_timeout: Annotated[float, Key(seconds(0.1, 60), "5", "until the connection stands")]
    first_word_timeout: Annotated[float, Key(seconds(0.1, 600), "90", "until the first word: the model may think")]
    silence_timeout: Annotated[float, Key(seconds(0.1, 600), "30", "between two pieces of an answer")]
    total_timeout: Annotated[float, Key(seconds(0.1, 3600), "180", "for the whole answer")]


@dataclass(frozen=True)
class Answer:
    """What the model is told, and how much of the thread it sees."""

    instructions: Annotated[str, Key(FILE, "", "a text file with the standing orders; empty: the CocoAI persona")]
    language: Annotated[str, Key(one_of("auto", "ja", "en"), "auto", "of the fixed texts; `auto`: the asker's")]
    round_trips: Annotated[int, Key(whole(0, 100), "5", "earlier exchanges of the thread that the model sees")]
    max_history_tokens: Annotated[int, Key(whole(100, 1_000_000), "8000", "the most they may take, estimated")]
    attachments_mib: Annotated[int, Key(whole(0, 20), "4", "MiB of a question's files that the model sees; 0: none")]
    attachment_text_kib: Annotated[int, Key(whole(1, 1000), "100", "KiB of a question's text files, of those")]


@dataclass(frozen=True)
class Pool:
    """The processes."""

    workers: Annotated[Range, Key(whole_range(64), "2", "processes that hear Slack; a range grows when all are busy")]
    idle_timeout: Annotated[float, Key(seconds(1, 86_400), "10", "before an idle worker above the least ends")]
    max_requests: Annotated[
        int, Key(whole(1, 1_000_000), "5000", "before a worker is replaced by a fresh one; up to 10 % earlier")
    ]
    request_timeout: Annotated[float, Key(seconds(0.1, 2.5), "2", "for one request; Slack gives up at 3 s")]
    slow_request: Annotated[float, Key(seconds(0.1, 2.5), "1", "after which a request's stack is written to the log")]
    slots: Annotated[int, Key(whole(1, 1000), "4", "answers at once, about 3 MiB each")]
    max_worker_mib: Annotated[
        int, Key(whole(8, 4096), "32", "MiB (PSS) at which a worker is replaced; looked at each minute")
    ]
    immortals: Annotated[
        bool, Key(SWITCH, "on", "share memory by objects whose references are not counted; Python 3.12 on")
    ]
    status_listen: Annotated[
        tuple[str, int] | None, Key(LISTEN, "127.0.0.1:8081", "the status page; whoever reaches it can read it")
    ]


@dataclass(frozen=True)
class Paths:
    """Where things are kept."""

    var: Annotated[str, Key(FOLDER, "var", "spool, locks, logs; relative to the settings file")]

    @property
    def scoreboard(self) -> str:
        """Return where the pool's scoreboard lies, which the pool writes and `cocoai status` reads."""
        return os.path.join(self.var, "run", "scoreboard")


@dataclass(frozen=True)
class Network:
    """How the world outside is reached."""

    ca_file: Annotated[str, Key(FILE, "", "certificate authorities to trust (PEM); empty: those of `requests`")]
    proxy: Annotated[Secret, Key(PROXY, "", "for all connections out; kept secret, as it may hold a password")]


@dataclass(frozen=True)
class Channel:
    """What one channel has of its own."""

    instructions: Annotated[str, Key(FILE, "", "a text file with the standing orders here; empty: those for all")]
    model: Annotated[str, Key(WORD, "", "the model that answers here; empty: the one for all")]


@dataclass(frozen=True)
class Orders:
    """Who answers where: files with instructions (empty: ours), channels by id, and models by the word asking for them.

    `look` is how the settings file looked when this was read.
    """

    instructions: str
    channels: Mapping[str, Channel]
    models: Mapping[str, str]
    look: Look = field(default=(), compare=False)


SECTIONS: Mapping[str, type] = {
    "slack": Slack,
    "openai": OpenAI,
    "answer": Answer,
    "pool": Pool,
    "paths": Paths,
    "network": Network,
}


@dataclass(frozen=True)
class Settings:
    """All of them. `file` is where they were read from (absolute; empty: the environment alone).

    `words` are each language's, the operator's own among them. `warnings` are sentences for the operator's log.
    """

    slack: Slack
    openai: OpenAI
    answer: Answer
    pool: Pool
    paths: Paths
    network: Network
    orders: Orders
    words: Mapping[str, Words] = field(repr=False)
    file: str = ""
    warnings: tuple[str, ...] = ()


def keys(section: str) -> dict[str, Key]:
    """The keys of a section that has fixed ones, a [channel ID] included, in the order they are told."""
    return _keys(Channel if section.startswith("channel ") else SECTIONS[section])


@cache
def _keys(kind: type) -> dict[str, Key]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}
