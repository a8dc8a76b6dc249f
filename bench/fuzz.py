"""A million mutations of what comes from outside: Slack's payloads, and the texts that a model writes.

    python -m bench.fuzz [--of events|clicks|texts] [--count 1000000] [--seconds 1200] [--seed 1] [--processes 2]

The payloads are signed correctly, so that they are read. Mutation N of a seed is always the same: `mutated(seed, N)` in
a debugger makes a find again.
A checker says what must come of a mutation. An event must become a Challenge, RateLimited, an Ignored, a Question that
can be kept, or `Refused` 400; a click must become a Click that can be kept, an Ignored, or `Refused` 400; the text of a
model must become messages that Slack takes. All of it must be quick.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.soak import NoSync
from cocoai.errors import Refused
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.inbound.signature import SIGNATURE_HEADER, STAMP_HEADER, sign
from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.message_layout import Button, Layout, Shown, with_buttons
from cocoai.slack.model.click import Click
from cocoai.slack.model.files import File, is_at_slack
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.messages import Message
from cocoai.slack.model.question import Challenge, Ignored, Question, RateLimited
from cocoai.slack.thread.history import turns
from cocoai.spool.job import encode_line, whole_lines
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.slack.markdown.corpus import CASES
from tests.slack.markdown.corpus import ODD as MARKDOWN_ODD

SECRET = "practice-signing-secret"
NOW = 1_763_822_000
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")

SLOW = 1.0
"""Seconds that one payload may take: a worker ends a request after 2."""

LONGEST_TEXT, SLOW_TEXT = 30_000, 10.0
"""Characters of a model's text, and the seconds of CPU that showing it eight times may take.

One line with thousands of emphases takes 2. Only its own job process is busy with it, so no other question waits.
"""

KEPT_EVERY = 100
"""One question of so many is put into a spool, claimed and read again."""

MOST_FINDS = 20
"""Finds after which a process stops."""


def main() -> int:
    """Print the figures and return the exit status: 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=[*FUZZED], default="events")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, choices=[1, 2], default=2)
    arguments = parser.parse_args()
    began = time.monotonic()
    count, processes = arguments.count, arguments.processes
    shares = [
        (arguments.seed, range(first, count, processes), arguments.seconds, arguments.of) for first in range(processes)
    ]
    with multiprocessing.Pool(processes) as pool:
        total = sum(pool.starmap(fuzz, shares), Tally())
    seconds = time.monotonic() - began
    made = sum(total.outcomes.values())
    print(f"{made} mutations, seed {arguments.seed}, in {seconds:.0f} s: {made / seconds:.0f} a second")
    for outcome, number in total.outcomes.most_common():
        print(f"  {number:9}  {outcome}")
    print(f"  {total.kept} questions went through a spool; the slowest payload took {total.slowest * 1000:.1f} ms")
    print(f"  finds: {len(total.finds)}")
    for find in total.finds:
        print(f"    {find}")
    return 1 if total.finds else 0


@dataclass
class Tally:
    """The outcomes of some mutations: how often each came, and what was found. `slowest` in seconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    slowest: float = 0.0
    finds: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.outcomes + other.outcomes,
            self.kept + other.kept,
            max(self.slowest, other.slowest),
            self.finds + other.finds,
        )


def fuzz(seed: int, numbers: range, seconds: float, of: str = "events") -> Tally:
    """Check these mutations of one kind of input (a key of `FUZZED`) until the time is up or too much is found."""
    tally = Tally()
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-") as var:
        make, corpus = FUZZED[of]
        check = make(Path(var))
        for number in numbers:
            if time.monotonic() > deadline or len(tally.finds) >= MOST_FINDS:
                break
            body = mutated(seed, number, corpus)
            began = time.perf_counter()
            try:
                tally.outcomes[check(body)] += 1
            except Exception as error:  # noqa: BLE001 (any exception but Refused is a find)
                tally.outcomes["FIND"] += 1
                tally.finds.append(f"seed {seed} number {number}: {error!r} for {body[:2000]!r}")
            tally.slowest = max(tally.slowest, time.perf_counter() - began)
        tally.kept = check.kept
    return tally


# what must come of each


class EventChecker:
    """Checks what comes of an event's body, and returns the outcome in a word; any exception is a find.

    Thread marks and a sample of the questions lie in `var`.
    """

    def __init__(self, var: Path) -> None:
        self.kept = 0
        self._questions = 0
        self._spool = Spool(str(var), disk=NoSync())
        self._spool.make_folders()
        self._analyzers = [
            SlackEventAnalyzer(SECRET, who=lambda: US, is_known_thread=self._spool.is_known_thread),
            SlackEventAnalyzer(SECRET, who=lambda: None, is_known_thread=lambda *_: True),
        ]

    def __call__(self, body: bytes) -> str:
        began = time.perf_counter()
        outcomes = [self._outcome(analyzer, body) for analyzer in self._analyzers]
        require(time.perf_counter() - began < SLOW, "slow")
        return outcomes[0]

    def _outcome(self, analyzer: SlackEventAnalyzer, body: bytes) -> str:
        """Return what one analyzer makes of the body, in a word."""
        try:
            event = analyzer.analyze(signed(body), body, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as bad JSON")
            return "refused 400"
        if isinstance(event, Question):
            self._check_question(event)
            return f"question {event.kind}"
        if isinstance(event, Challenge):
            event.text.encode()
            return "challenge"
        if isinstance(event, RateLimited):
            require(0 <= event.minute < 10**11, "a minute beyond all clocks")
            return "rate limited"
        return ignored(event)

    def _check_question(self, question: Question) -> None:
        """Check whether the question can be written and read again, and its files lie at Slack's."""
        key = Key.parse(question.key)
        line = encode_line(question.facts())
        (read,), _ = whole_lines(line)
        require(Question.from_facts(read) == question, "not what was written")
        require(0 <= question.event_time < 10**12, "an odd event_time")
        for file in map(File.from_facts, question.files):
            url = urlsplit(file.url) if is_at_slack(file.url, "https://slack.com/api/") else urlsplit(FILE_URL)
            # The token is sent with the request for a file: it must not go to anybody else.
            require(url.scheme == "https" and f".{url.hostname}".endswith(HOSTS), "the token would go elsewhere")
        self._questions += 1
        if self._questions % KEPT_EVERY == 0:
            self._keep(key, question)

    def _keep(self, key: Key, question: Question) -> None:
        """Check whether the question comes through the spool unchanged, and becomes the last turn for the model."""
        if self._spool.put(key, question.facts()):
            job = self._spool.claim()
            require(job is not None and job.key == key, "not claimed")
            if job is not None:
                require(Question.from_facts(job.question) == question, "not what was put")
                self._spool.finish(job)
        require(self._spool.is_known_thread(key.channel, key.thread_ts), "no mark")
        thread = [Message(question.ts, question.user, "", question.text, None, "")]
        require(turns(thread, question, US.user_id)[-1].speaker == "asker", "no last turn")
        self.kept += 1


class ClickChecker:
    """Checks what comes of a click's payload. No click is put into a spool: a click has no text, only names."""

    kept = 0

    def __init__(self, _: Path) -> None:
        self._analyzer = InteractionAnalyzer(SECRET, who=lambda: US)

    def __call__(self, payload: bytes) -> str:
        body = urlencode({"payload": payload}).encode()
        try:
            click = self._analyzer.analyze(signed(body), body, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as a bad form")
            return "refused 400"
        if not isinstance(click, Click):
            return ignored(click)
        # The question's job, and the click's own.
        for name in (click.key, f"{click.channel}-{click.message_ts}-{click.ts}"):
            Key.parse(name)
        require(Click.from_facts(whole_lines(encode_line(click.facts()))[0][0]) == click, "not what was written")
        return f"click {click.action}"


class TextChecker:
    """Checks what comes of a model's text: what Slack is sent while it is written, and its parts when it is whole."""

    kept = 0

    def __init__(self, _: Path) -> None:
        self._layouts = [Layout("markdown"), Layout("mrkdwn")]

    def __call__(self, body: bytes) -> str:
        text = written(body)[:LONGEST_TEXT]
        began = time.process_time()
        shown = [layout.parts(text) for layout in self._layouts]
        for layout, parts in zip(self._layouts, shown, strict=True):
            require(bool(parts) or not normalize_markdown(text).strip(), "all of it is lost")
            for each in (*parts, *(layout.growing(text[:most], "✍️ …") for most in (10, 1000, len(text)))):
                self._check(with_buttons(each, [Button("stop", "Stop", "KEY U0ASKER01")]))
        require(time.process_time() - began < SLOW_TEXT, "slow")
        return f"{min(len(shown[0]), 3)} parts"

    def _check(self, shown: Shown) -> None:
        """Check Slack's limits: docs.slack.dev/reference/block-kit/blocks, /reference/methods/chat.update."""
        require(bool(shown.text.strip()) and len(shown.text) <= 4000, "a text that Slack does not take")
        require(len(shown.blocks) <= 50, "too many blocks")
        markdown = [block["text"] for block in shown.blocks if block["type"] == "markdown"]
        require(sum(map(len, markdown)) <= 12_000, "too much Markdown")
        sections = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"]
        require(all(0 < len(section) <= 3000 for section in sections), "a section that Slack does not take")
        json.dumps([shown.text, *shown.blocks], ensure_ascii=False).encode()


def written(body: bytes) -> str:
    """Return the text in a mutated payload, or all of it as text if it cannot be read, as from a model's stream."""
    try:
        text = json.loads(body)["text"]
    except (ValueError, RecursionError, LookupError, TypeError):
        text = None
    return text if isinstance(text, str) else body.decode("utf-8", "replace")


def signed(body: bytes) -> dict[str, str]:
    """Return the headers with which Slack would post this body."""
    stamp = str(NOW)
    return {STAMP_HEADER: stamp, SIGNATURE_HEADER: sign(body, stamp.encode(), SECRET).decode()}


def ignored(outcome: object) -> str:
    """Return the outcome of an Ignored; anything else, or an odd reason, is a find."""
    require(isinstance(outcome, Ignored), "an outcome of no known type")
    reason = outcome.reason if isinstance(outcome, Ignored) else ""
    require(reason.isascii() and reason.isprintable() and len(reason) < 100, "an odd reason")
    return f"ignored: {reason.partition(' of type ')[0].partition('subtype ')[0] or 'subtype'}"


def require(condition: bool, problem: str) -> None:  # noqa: FBT001
    """Raise AssertionError unless the condition holds. An `assert` would be left out under -O."""
    if not condition:
        raise AssertionError(problem)


# what is mutated


def message_payload(**changes: Any) -> dict[str, Any]:
    """Return the payload of a person's message, in Slack's shape; `changes` are fields of its event."""
    words = [{"type": "user", "user_id": "U0COCOAI"}, {"type": "text", "text": " what is a fork? "}]
    blocks = [{"type": "rich_text", "block_id": "b1", "elements": [{"type": "rich_text_section", "elements": words}]}]
    event = {
        "type": "message",
        "user": "U0ASKER01",
        "client_msg_id": "7a0b6a6e-0000-4000-8000-000000000000",
        "text": "<@U0COCOAI> what is a fork? <https://example.com/?a=1&amp;b=2|here> &lt;b&gt; <#C0PRACTICE|practice>",
        "ts": "1763822000.000100",
        "team": "T0PRACTICE",
        "blocks": blocks,
        "channel": "C0PRACTICE",
        "event_ts": "1763822000.000100",
        "channel_type": "channel",
    } | changes
    authorization = {"enterprise_id": None, "team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True}
    return {
        "token": "practice-verification",
        "team_id": "T0PRACTICE",
        "context_team_id": "T0PRACTICE",
        "context_enterprise_id": None,
        "api_app_id": "A0COCOAI",
        "event": event,
        "type": "event_callback",
        "event_id": "Ev0PRACTICE1",
        "event_time": NOW,
        "authorizations": [authorization | {"is_enterprise_install": False}],
        "is_ext_shared_channel": False,
        "event_context": "4-practice",
    }


HOSTS = (".slack.com", ".slack-edge.com")
"""Ends of the host names to which the token may be sent."""

FILE_URL = "https://files.slack.com/files-pri/T0PRACTICE-F0FILE/download/a.txt"


def attached(**changes: Any) -> dict[str, Any]:
    """Return a file object in Slack's shape; `changes` are its fields."""
    file = {"id": "F0FILE", "name": "a.txt", "title": "a", "mimetype": "text/plain", "filetype": "text", "size": 12}
    return file | {"mode": "hosted", "url_private": FILE_URL, "url_private_download": FILE_URL} | changes


CORPUS: tuple[dict[str, Any], ...] = (
    message_payload(),
    message_payload(type="app_mention"),
    message_payload(thread_ts="1763821000.000100"),
    message_payload(text="and then?", thread_ts="1763821000.000100", parent_user_id="U0ASKER01"),
    message_payload(text="hello", channel="D0PRACTICE", channel_type="im"),
    message_payload(subtype="file_share", files=[attached()]),
    message_payload(files=[attached(mode="tombstone"), attached(file_access="check_file_info"), {"id": "F0FILE"}]),
    message_payload(type="app_mention", files=[attached(url_private_download=None), attached(is_external=True), None]),
    message_payload(subtype="thread_broadcast", thread_ts="1763821000.000100", root={"ts": "1763821000.000100"}),
    message_payload(subtype="message_changed", hidden=True, message={"text": "x", "edited": {"user": "U0ASKER01"}}),
    message_payload(subtype="bot_message", bot_id="B0OTHER", username="other"),
    message_payload(user_team="T0OTHER", source_team="T0OTHER") | {"is_ext_shared_channel": True},
    {"type": "url_verification", "token": "practice-verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWM"},
    {"type": "app_rate_limited", "team_id": "T0PRACTICE", "minute_rate_limited": NOW, "api_app_id": "A0COCOAI"},
)


def clicked(action: str) -> dict[str, Any]:
    """Return the payload of a click on one of our buttons, in Slack's shape."""
    button = {"action_id": f"cocoai_{action}", "block_id": "b1", "type": "button", "action_ts": "1763822020.417840"}
    button |= {"value": "C0PRACTICE-1763822000.000100-1763822000.000100 U0ASKER01"}
    return {
        "type": "block_actions",
        "user": {"id": "U0ASKER01", "username": "asker", "name": "asker", "team_id": "T0PRACTICE"},
        "api_app_id": "A0COCOAI",
        "token": "practice-verification",
        "container": {"type": "message", "message_ts": "1763822001.000200", "channel_id": "C0PRACTICE"},
        "trigger_id": "1.2.practice",
        "team": {"id": "T0PRACTICE", "domain": "practice"},
        "channel": {"id": "C0PRACTICE", "name": "practice"},
        "message": {"type": "message", "user": "U0COCOAI", "ts": "1763822001.000200", "text": "a fork is …"},
        "state": {"values": {}},
        "actions": [button],
    }


TEXTS = tuple({"text": text} for text in (*CASES.values(), *MARKDOWN_ODD.values()))

CLICKS = (*(clicked(action) for action in ("stop", "again", "delete", "up")), {"type": "view_submission", "view": {}})

# Letters of one to four bytes, controls, marks without width, halves of surrogate pairs, and characters with a meaning
# in Slack's markup, JSON, paths or numbers.
CHARACTERS = "aあ😀\x00\x1f\x7f\u00ad\u200b\u202e\u2028\ufeff\ufffd\ud800\udfff\U0010ffff<>&@!#|-/\\.\"'\r\n\t٣Ａ"

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.1, -0.0, 1e308, float("inf"), float("-inf"), float("nan"), 2**53 + 1, 10**19),
    *(-(2**63), 10**400, "", " ", "null", "0", "-", ".", "..", "../../etc/passwd", "C0PRACTICE\n", "c0practice", "C"),
    *("1.0", "1763822000", "1763822000.", ".000100", "1763822000.000100\n", "9999999999999.1", "١.٠", "1e5.0"),
    *("U0COCOAI", "USLACKBOT", "<@U0COCOAI>", "<@U0COCOAI|x>", "<!channel>", "<@", "message", "app_mention", "im"),
    *("url_verification", "event_callback", "me_message", "tombstone", "__class__", "%s%n", "{0}", "\ud83d", "\x00"),
    *([], {}, [None], [[]], {"": None}, ["U0ASKER01"], {"ts": "1.0"}, [{"is_bot": True}]),
)

Node = dict[Any, Any] | list[Any]
Mutation = Callable[[random.Random, Node, Any], None]
"""Changes a node at a place: a key of an object, or an index of a list."""


def mutated(seed: int, number: int, corpus: Sequence[dict[str, Any]] = CORPUS) -> bytes:
    """Return mutation `number` of `seed` as bytes."""
    generator = random.Random(seed * 2**40 + number)
    payload = copied(generator.choice(corpus))
    for _ in range(generator.choice((1, 1, 1, 2, 2, 3, 5))):
        if found := list(places(payload)):
            generator.choice(MUTATIONS)(generator, *generator.choice(found))
    body = encoded(generator, payload)
    while generator.random() < 0.2:
        body = generator.choice(BYTE_MUTATIONS)(generator, body)
    return body


def copied(value: Any) -> Any:
    """Return a copy whose objects and lists may be changed."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def places(node: Any) -> Iterator[tuple[Node, Any]]:
    """Yield every place at and below this node: the object or list, and the key or index in it."""
    for place, inner in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, place
        if isinstance(inner, (dict, list)) and inner:
            yield from places(inner)


def encoded(generator: random.Random, payload: Any) -> bytes:
    """Encode as JSON, in one of the ways in which clients write it."""
    if generator.random() < 0.7:
        return json.dumps(payload).encode()
    return json.dumps(payload, ensure_ascii=False, indent=generator.choice((None, 0))).encode("utf-8", "surrogatepass")


def letters(generator: random.Random, most: int = 12) -> str:
    """Return up to `most` odd characters."""
    return "".join(generator.choices(CHARACTERS, k=generator.randint(1, most)))


def replace_by_odd(generator: random.Random, node: Node, place: Any) -> None:
    node[place] = copied(generator.choice(ODD))


def drop(_: random.Random, node: Node, place: Any) -> None:
    del node[place]


def rename(generator: random.Random, node: Node, place: Any) -> None:
    if isinstance(node, dict):
        node[generator.choice((letters(generator), str(place).upper(), "ts", "thread_ts", "channel"))] = node.pop(place)


def wrap(generator: random.Random, node: Node, place: Any) -> None:
    node[place] = generator.choice(([node[place]], {str(place): node[place]}, str(node[place]), [node[place]] * 3))


def swap(generator: random.Random, node: Node, place: Any) -> None:
    other = generator.choice(list(node) if isinstance(node, dict) else range(len(node)))
    node[place], node[other] = node[other], node[place]


def scribble(generator: random.Random, node: Node, place: Any) -> None:
    """Put odd characters somewhere into a text."""
    text = str(node[place])
    at = generator.randint(0, len(text))
    node[place] = text[:at] + letters(generator) + text[at + generator.randint(0, 3) :]


def lengthen(generator: random.Random, node: Node, place: Any) -> None:
    """Make a value long, and now and then as long as nginx lets through."""
    most = 100_000 if generator.random() < 0.02 else 600
    node[place] = generator.choice(("<@", "&lt;", "<", "9", "1.", "<@U0COCOAI>", letters(generator))) * (most // 4)


MUTATIONS: tuple[Mutation, ...] = (
    *(replace_by_odd, replace_by_odd, replace_by_odd, drop, rename, wrap, swap, scribble, scribble, lengthen),
)
"""One of these is drawn for each change of a payload; what stands here twice is drawn twice as often."""


def flip(generator: random.Random, body: bytes) -> bytes:
    """Flip a few bits."""
    changed = bytearray(body or b"x")
    for _ in range(generator.choice((1, 1, 2, 8))):
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def cut(generator: random.Random, body: bytes) -> bytes:
    """Cut off the end or the beginning."""
    return (
        body[: generator.randint(0, len(body))] if generator.random() < 0.5 else body[generator.randint(0, len(body)) :]
    )


def repeat(generator: random.Random, body: bytes) -> bytes:
    """Repeat a piece of the body, so that keys come twice and brackets are left open."""
    start, end = sorted(generator.randint(0, len(body)) for _ in range(2))
    return body[:end] + body[start:end] + body[end:]


def double_key(generator: random.Random, body: bytes) -> bytes:
    """Give some objects a key a second time, with another value."""
    name = generator.choice(("ts", "type", "channel", "user", "event", "text", "thread_ts"))
    value = json.dumps(generator.choice(ODD))
    return body.replace(b"{", f'{{"{name}":{value},'.encode(), generator.randint(1, 3))


def deepen(generator: random.Random, body: bytes) -> bytes:
    """Nest the body or a value of it, more deeply than a parser's stack allows at the worst."""
    depth = generator.choice((1, 50, 900, 5000))
    inner = body if generator.random() < 0.5 else b"1"
    nested = (
        b"[" * depth + inner + b"]" * depth if generator.random() < 0.7 else b'{"a":' * depth + inner + b"}" * depth
    )
    return nested if inner is body else body.replace(b'"C0PRACTICE"', nested, 1)


def digits(generator: random.Random, body: bytes) -> bytes:
    """Put in a number with more digits than int() takes, or with a huge exponent."""
    number = generator.choice((b"9" * 5000, b"1e999999", b"-1e-999999", b"0." + b"3" * 5000, b"-" + b"1" * 30))
    return body.replace(str(NOW).encode(), number, 1)


def recode(generator: random.Random, body: bytes) -> bytes:
    """Encode the text in another encoding, of those that JSON parsers detect by themselves."""
    text = body.decode("utf-8", "replace")
    return text.encode(generator.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be")))


BYTE_MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(flip, flip, cut, repeat, double_key, double_key, deepen, digits, recode),
)


MakeChecker = Callable[[Path], EventChecker | ClickChecker | TextChecker]

FUZZED: dict[str, tuple[MakeChecker, Sequence[dict[str, Any]]]] = {
    "events": (EventChecker, CORPUS),
    "clicks": (ClickChecker, CLICKS),
    "texts": (TextChecker, TEXTS),
}
"""For each kind of input, its checker and what is mutated."""

if __name__ == "__main__":
    sys.exit(main())
