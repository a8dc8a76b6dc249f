"""An honest biller: the model's server, which bills each request on the disk before it answers.

Its prices are those of the practice OpenAI, which share nothing with the ledger's. It runs in a process of its own, so
that it bills a request also if whoever sent it is dead by then.
"""

from __future__ import annotations

import json
import os
import random
import socket
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cocoai.ledger.cost import Tokens
from cocoai.ledger.money import NANO
from cocoai.rehearsal.openai.practice_prices import TokenUse, price

MODELS = ("gpt-6-luna", "gpt-6-sol", "gpt-6.1-terra", "gpt-5.6-luna", "gpt-5.5", "gpt-5.1")
WRITES_CACHE = frozenset({"gpt-6-luna", "gpt-6-sol", "gpt-6.1-terra", "gpt-5.6-luna"})

REASONING = 300
"""Tokens of reasoning in every answer: always as many, so that an estimate by the usual ones is right."""

GREEDY = 0.5
"""The part of the calls that cost all that they may."""

WORD = "word "

Outcome = Literal["whole", "told", "cut", "silent", "refused"]

OUTCOMES: tuple[Outcome, ...] = ("whole",) * 12 + ("told",) * 2 + ("cut",) * 3 + ("silent", "refused", "refused")
"""How often which: a whole answer with its usage, with its cost too, text without usage, nothing at all though it is
billed, and a refusal, which is not."""


@dataclass(frozen=True)
class BilledRequest:
    """A request: the job and the number of its call, and its size in tokens, as RequestSize has it."""

    key: str
    call: int
    model: str
    most_input: int
    estimated_input: int
    most_output: int
    has_tier: bool


@dataclass(frozen=True)
class BilledCall:
    """A line of the biller's books: what a call of a job has cost, in nano-dollars."""

    key: str
    call: int
    amount: int


@dataclass(frozen=True)
class BillerReply:
    """What the client gets. `tokens` and `tier` are empty, and `cost_usd` None, unless they are told."""

    outcome: Outcome
    text: str = ""
    tokens: Tokens | None = None
    tier: str = ""
    cost_usd: float | None = None


def serve(listener: socket.socket, books: str, seed: str) -> None:
    """Answer each connection to `listener` in turn, for ever; append what is billed to the file `books`."""
    fd = os.open(books, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("r", encoding="utf-8") as lines:
            line = lines.readline()
            if not line.endswith("\n"):
                continue  # its sender was killed before it had sent all of it
            request = BilledRequest(**json.loads(line))
            amount, reply = _answer(request, random.Random(f"{seed} {request.key} {request.call}"))
            if amount is not None:
                os.write(fd, f"{json.dumps(asdict(BilledCall(request.key, request.call, amount)))}\n".encode())
                os.fsync(fd)
            _send(connection, reply)


def _send(connection: socket.socket, reply: BillerReply) -> None:
    try:
        connection.sendall(json.dumps(asdict(reply)).encode())
    except OSError:
        return  # its reader was killed: it is billed all the same


def _answer(request: BilledRequest, generator: random.Random) -> tuple[int | None, BillerReply]:
    """Return what is billed, None if nothing is, and what is answered."""
    outcome = generator.choice(OUTCOMES)
    if outcome == "refused":
        return None, BillerReply(outcome)
    tokens = _tokens(request, generator, is_estimated=outcome == "cut")
    tier = "default" if request.has_tier else generator.choice(("default", "priority"))
    amount = price(request.model, tier, TokenUse(**asdict(tokens)))
    match outcome:
        case "cut":
            return amount, BillerReply(outcome, text=WORD * (tokens.output - REASONING))
        case "silent":
            return amount, BillerReply(outcome)
        case "told":
            return amount, BillerReply(outcome, "some text", tokens, tier, amount / NANO)
    return amount, BillerReply(outcome, "some text", tokens, tier)


def _tokens(request: BilledRequest, generator: random.Random, *, is_estimated: bool) -> Tokens:
    """Return the tokens of a call: odd numbers, or as many as its hold is for.

    With `is_estimated` there are at most as many as an estimate takes them for.
    """
    if not is_estimated and generator.random() < GREEDY:
        written = request.most_input if request.model in WRITES_CACHE else 0
        return Tokens(request.most_input, 0, written, request.most_output, REASONING)
    prompt = generator.randint(1, request.estimated_input if is_estimated else request.most_input)
    cached = generator.randint(0, prompt)
    written = generator.randint(0, prompt - cached) if request.model in WRITES_CACHE else 0
    most = REASONING + 50 if is_estimated else request.most_output
    return Tokens(prompt, cached, written, generator.randint(REASONING + 1, most), REASONING)


def ask(address: str, request: BilledRequest) -> BillerReply:
    """Send a request to the biller at the Unix socket `address`, and return what it answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(f"{json.dumps(asdict(request))}\n".encode())
        with connection.makefile("r", encoding="utf-8") as answer:
            reply: dict[str, Any] = json.load(answer)
    tokens = reply.pop("tokens")
    return BillerReply(**reply, tokens=Tokens(**tokens) if tokens else None)


def read_bills(books: str) -> list[BilledCall]:
    """Return what was billed so far, oldest first."""
    with open(books, encoding="utf-8") as file:
        return [BilledCall(**json.loads(line)) for line in file]
