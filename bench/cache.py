"""What a question of a long thread costs, by the way in which its history is cut, and how the cache is used.

    python -m bench.cache [brisk] [slow] [mixed]      all tables, about four minutes

brisk     threads of 20 questions, three minutes apart: what was sent with the last one is cached
slow      the same, 45 minutes apart: nothing is cached any more
mixed     six questions three minutes apart, then a pause of 45 minutes, and so on

Each is asked in Japanese and in English, of two models, and the questions and answers are the same for each way:

as it was   the last five exchanges, so that the history's beginning is another one at each question
explicit    the same, with the cache switched off (prompt_cache_options, mode explicit, no breakpoints)
in steps    as CocoAI cuts it (answer/history_cut.py)

Each question goes through a whole answerer; the practice OpenAI bills its tokens by class, as OpenAI does. What its
answers cost is the same each time. Its tokens are estimated: a Japanese character is one, and four ASCII ones are.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from bench import tables
from cocoai.answer import history_cut
from cocoai.answer.history_cut import HistoryLimits
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.config.personas import DEFAULT_INSTRUCTIONS
from cocoai.conversation import Conversation, Persona
from cocoai.engine.client.client import PendingResponse, RequestHeaders
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.ledger.money import NANO
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.billing import PracticeBill
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.openai.practice_prices import TokenUse, price
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.slack.api.chat import SlackChat
from tests.answer_harness import AnswerHarness
from tests.options import FixedPersonas

MODELS = ("gpt-6-luna", "gpt-6.2-sol")

TURNS = 20
"""Questions of a thread."""

THREADS = 3
"""Threads of each language, which differ in their lengths."""

BRISK, LONG = 180.0, 2700.0
"""Seconds between two questions."""

SENTENCES = {
    "ja": "会議の日程を来週の火曜日に変更したいのですが、関係者への連絡文を考えてください。理由も短く添えます。",
    "en": "The meeting has to move to Tuesday of next week, so please write a short note to all who take part. ",
}
QUESTION, ANSWER = (20, 200), (300, 1200)
"""The least and the most characters of each."""

_BEGAN = 1_790_000_000.0


@dataclass(frozen=True)
class Way:
    """A way to cut the history, and to use the cache or not."""

    cut: Callable[[Conversation, HistoryLimits, int | None], Conversation]
    max_history_tokens: int
    is_explicit: bool = False


def last_exchanges(conversation: Conversation, limits: HistoryLimits, _answers: int | None) -> Conversation:
    """Return the conversation cut to its last exchanges and the question, as CocoAI did until it cut in steps."""
    answers = [index for index, turn in enumerate(conversation.turns) if turn.speaker == "cocoai"]
    if len(answers) > limits.round_trips:
        conversation = conversation.since(answers[len(answers) - limits.round_trips - 1] + 1)
    return conversation.within(limits.tokens, limits.ratio)


WAYS = {
    "as it was": Way(last_exchanges, 8000),
    "explicit": Way(last_exchanges, 8000, is_explicit=True),
    "in steps": Way(history_cut.cut, 12_000),
}


class ExplicitClient(DirectClient):
    """A client that switches the prompt cache off in each request."""

    def post_streamed(
        self, url: str, body: bytes, headers: RequestHeaders, timeout: tuple[float, float]
    ) -> PendingResponse:
        changed = json.loads(body) | {"prompt_cache_options": {"mode": "explicit"}}
        return super().post_streamed(url, json.dumps(changed).encode(), headers, timeout)


class Office(AnswerHarness):
    """An answerer whose clock stands still until it is set, and which asks `model` in one of the WAYS."""

    def __init__(self, folder: Path, certificates: Certificates, servers: ExitStack, model: str, way: Way) -> None:
        self.now = _BEGAN
        self._way = way
        self._model = model
        self._authority = str(certificates.ca_file)
        slack = servers.enter_context(PracticeSlack(certificates, clock=self.clock))
        openai = servers.enter_context(
            PracticeOpenAI(certificates, clock=self.clock, switches=OpenAISwitches(pieces=1))
        )
        super().__init__(folder, certificates, slack, openai)
        persona = Persona(Path(DEFAULT_INSTRUCTIONS).read_text(encoding="utf-8"), "")
        self.changes = {
            "model": model,
            "max_history_tokens": way.max_history_tokens,
            "personas": FixedPersonas(persona),
        }

    def clock(self) -> float:
        return self.now

    def outside(self) -> tuple[SlackChat, ChatGPTChat]:
        self.close_connections()
        context = tls_context(self._authority)
        client = (ExplicitClient if self._way.is_explicit else DirectClient)(context)
        self._clients = [DirectClient(context), client]
        chatgpt = ChatGPTChat(
            client,
            base_url=self.openai.base_url,
            api_key=API_KEY,
            model=self._model,
            max_output_tokens=2000,
            reasoning_effort="low",
            connect_timeout=5,
            first_word_timeout=20,
            silence_timeout=10,
            total_timeout=40,
            service_tier="default",
        )
        return SlackChat(self._clients[0], api_url=self.slack.api_url, token=TOKEN), chatgpt

    def talk(self, questions: Sequence[str], answers: Sequence[str], waits: Sequence[float]) -> list[PracticeBill]:
        """Ask the questions in one thread, each so many seconds after the one before; return what each has cost."""
        thread_ts = None
        with mock.patch("cocoai.answer.prompt.cut", self._way.cut):
            for question, answer, wait in zip(questions, answers, waits, strict=True):
                self.now += wait
                self.openai.switches.answer = answer
                message = self.ask(question, thread_ts)
                thread_ts = thread_ts or message.ts
                self.run()
        assert (0, len(questions), 0) == self.ended()
        return self.openai.bills


def text(language: str, chance: random.Random, lengths: tuple[int, int]) -> str:
    """Return a text in this language, of a random length between these; no two begin alike."""
    length = chance.randint(*lengths)
    return (f"{chance.randrange(10**6)} " + SENTENCES[language] * (1 + length // 40))[:length]


@dataclass(frozen=True)
class Thread:
    """What is said in a thread, always the same for one `seed`, and the seconds that pass before each question."""

    language: str
    seed: int
    waits: Sequence[float]

    def texts(self) -> tuple[list[str], list[str]]:
        """Return the questions and the answers."""
        chance = random.Random(f"{self.language} {self.seed}")
        questions = [text(self.language, chance, QUESTION) for _ in self.waits]
        return questions, [text(self.language, chance, ANSWER) for _ in self.waits]


def measure(folder: Path, certificates: Certificates, waits: Sequence[float]) -> None:
    """Print what a question costs each way, for each model and language: all of it, and its prompt alone."""
    for model in MODELS:
        for language in SENTENCES:
            first: tuple[float, float] | None = None
            for name, way in WAYS.items():
                threads = [Thread(language, seed, waits) for seed in range(THREADS)]
                bills = [bill for thread in threads for bill in talk(folder, certificates, model, way, thread)]
                found = costs(bills)
                first = first or found
                ratios = [each / whole for each, whole in zip(found, first, strict=True)]
                label = f"{model} {language} {name}"
                print(f"  {label:26} ${found[0]:.6f} x{ratios[0]:.2f}  prompt x{ratios[1]:.2f} {classes(bills)}")


def talk(folder: Path, certificates: Certificates, model: str, way: Way, thread: Thread) -> list[PracticeBill]:
    """Return the bills of one thread, asked in a folder of its own."""
    own = folder / f"{len(list(folder.iterdir()))}"
    own.mkdir()
    with ExitStack() as servers:
        return Office(own, certificates, servers, model, way).talk(*thread.texts(), thread.waits)


def costs(bills: Sequence[PracticeBill]) -> tuple[float, float]:
    """Return what an average question costs in dollars, and its prompt alone."""
    answers = sum(price(bill.model, bill.tier, TokenUse(0, output=bill.output)) for bill in bills)
    whole = sum(bill.nano_dollars for bill in bills)
    return whole / len(bills) / NANO, (whole - answers) / len(bills) / NANO


def classes(bills: Sequence[PracticeBill]) -> str:
    """Return the tokens of an average question by their class."""
    sums = {name: sum(getattr(bill, name) for bill in bills) for name in ("plain", "cached", "written", "output")}
    return " ".join(f" {name} {total / len(bills):4.0f}" for name, total in sums.items())


def brisk(folder: Path, certificates: Certificates) -> None:
    """Measure threads in which what was sent with the last question is still cached."""
    measure(folder, certificates, [BRISK] * TURNS)


def slow(folder: Path, certificates: Certificates) -> None:
    """Measure threads in which nothing is cached any more."""
    measure(folder, certificates, [LONG] * TURNS)


def mixed(folder: Path, certificates: Certificates) -> None:
    """Measure threads with pauses."""
    measure(folder, certificates, [LONG if number % 7 == 6 else BRISK for number in range(TURNS)])


if __name__ == "__main__":
    tables.run(__doc__, {"brisk": brisk, "slow": slow, "mixed": mixed})
