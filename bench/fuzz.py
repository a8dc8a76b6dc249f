"""What comes from outside, spoiled in a million ways: Slack's payloads, signed correctly so that they are read, and
what a model writes.

    python -m bench.fuzz [--of events|clicks|texts] [--count 1000000] [--seconds 1200] [--seed 1] [--processes 2]

Mutation N of a seed is always the same, whoever makes it: `spoiled(seed, N)` in a debugger is a find again.
What must hold is the judge's to say: of an event, a Challenge, an Ignored, a Question that can be kept, or `Refused`
400; of a click, a Click that can be kept, an Ignored, or `Refused` 400; of a text that a model wrote, messages that
Slack takes; and quickly.
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
from cocoai.slack.model.question import Challenge, Ignored, Question
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
"""Seconds for one payload: a worker's request is ended after 2."""

LONGEST_TEXT, SLOW_TEXT = 30_000, 10.0
"""Characters of a text that a model may write, and seconds of CPU for showing it eight times: one line with thousands
of emphases takes 2. Nobody else waits for it."""

KEPT_EVERY = 100
"""Of so many questions one is put into a spool, claimed and read again."""

MOST_FINDS = 20


def main() -> int:
    """Print the figures; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=[*FUZZED], default="events")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, choices=[1, 2], default=2)
    given = parser.parse_args()
    began = time.monotonic()
    shares = [
        (given.seed, range(n, given.count, given.processes), given.seconds, given.of) for n in range(given.processes)
    ]
    with multiprocessing.Pool(given.processes) as pool:
        total = sum(pool.starmap(fuzz, shares), Tally())
    seconds = time.monotonic() - began
    count = sum(total.outcomes.values())
    print(f"{count} mutations, seed {given.seed}, in {seconds:.0f} s: {count / seconds:.0f} a second")
    for outcome, number in total.outcomes.most_common():
        print(f"  {number:9}  {outcome}")
    print(f"  {total.kept} questions went through a spool; the slowest payload took {total.slowest * 1000:.1f} ms")
    print(f"  finds: {len(total.finds)}")
    for find in total.finds:
        print(f"    {find}")
    return 1 if total.finds else 0


@dataclass
class Tally:
    """What came of some mutations. `slowest` in seconds."""

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
    """Judge these mutations of FUZZED things, until the time is up or too much is found."""
    tally = Tally()
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-") as var:
        make, corpus = FUZZED[of]
        judge = make(Path(var))
        for number in numbers:
            if time.monotonic() > deadline or len(tally.finds) >= MOST_FINDS:
                break
            body = spoiled(seed, number, corpus)
            began = time.perf_counter()
            try:
                tally.outcomes[judge(body)] += 1
            except Exception as error:  # noqa: BLE001 (a find is whatever it is)
                tally.outcomes["FIND"] += 1
                tally.finds.append(f"seed {seed} number {number}: {error!r} for {body[:2000]!r}")
            tally.slowest = max(tally.slowest, time.perf_counter() - began)
        tally.kept = judge.kept
    return tally


# what must hold


class Judge:
    """One body's verdict in a word; any exception is a find. Thread marks and a sample of questions lie in `var`."""

    def __init__(self, var: Path) -> None:
        self.kept = 0
        self._questions = 0
        self._spool = Spool(str(var), files=NoSync())
        self._spool.make_folders()
        self._analyzers = [
            SlackEventAnalyzer(SECRET, who=lambda: US, is_known_thread=self._spool.is_known_thread),
            SlackEventAnalyzer(SECRET, who=lambda: None, is_known_thread=lambda *_: True),
        ]

    def __call__(self, body: bytes) -> str:
        began = time.perf_counter()
        verdicts = [self._verdict(analyzer, body) for analyzer in self._analyzers]
        require(time.perf_counter() - began < SLOW, "slow")
        return verdicts[0]

    def _verdict(self, analyzer: SlackEventAnalyzer, body: bytes) -> str:
        try:
            event = analyzer.analyze(signed(body), body, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as bad JSON")
            return "refused 400"
        if isinstance(event, Question):
            self._question(event)
            return f"question {event.kind}"
        if isinstance(event, Challenge):
            event.text.encode()
            return "challenge"
        return ignored(event)

    def _question(self, question: Question) -> None:
        key = Key.parse(question.key)
        line = encode_line(question.facts())
        (read,), _ = whole_lines(line)
        require(Question.from_facts(read) == question, "not what was written")
        require(0 <= question.event_time < 10**12, "an odd event_time")
        for file in map(File.from_facts, question.files):
            url = urlsplit(file.url) if is_at_slack(file.url, "https://slack.com/api/") else urlsplit(SLACKS)
            require(url.scheme == "https" and f".{url.hostname}".endswith(HOSTS), "the token would go elsewhere")
        self._questions += 1
        if self._questions % KEPT_EVERY == 0:
            self._keep(key, question)

    def _keep(self, key: Key, question: Question) -> None:
        """Through the spool and back, and to what the model is shown."""
        if self._spool.put(key, question.facts()):
            job = self._spool.claim()
            require(job is not None and job.key == key, "not claimed")
            if job is not None:
                require(Question.from_facts(job.question) == question, "not what was put")
                self._spool.finish(job)
        require(self._spool.is_known_thread(key.channel, key.thread_ts), "no mark")
        said = [Message(question.ts, question.user, "", question.text, None, "")]
        require(turns(said, question, US.user_id)[-1].speaker == "asker", "no last turn")
        self.kept += 1


class ClickJudge:
    """The same for clicks, of which none is put into a spool: a click has no text, only names."""

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
        for name in (click.key, f"{click.channel}-{click.message_ts}-{click.ts}"):
            Key.parse(name)
        require(Click.from_facts(whole_lines(encode_line(click.facts()))[0][0]) == click, "not what was written")
        return f"click {click.action}"


class TextJudge:
    """The same for what a model writes: it goes to Slack while it is written, and then in parts."""

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
                self._judge(with_buttons(each, [Button("stop", "Stop", "KEY U0ASKER01")]))
        require(time.process_time() - began < SLOW_TEXT, "slow")
        return f"{min(len(shown[0]), 3)} parts"

    def _judge(self, shown: Shown) -> None:
        """Slack's limits: docs.slack.dev/reference/block-kit/blocks, /reference/methods/chat.update."""
        require(bool(shown.text.strip()) and len(shown.text) <= 4000, "a text that Slack does not take")
        require(len(shown.blocks) <= 50, "too many blocks")
        markdown = [block["text"] for block in shown.blocks if block["type"] == "markdown"]
        require(sum(map(len, markdown)) <= 12_000, "too much Markdown")
        sections = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"]
        require(all(0 < len(section) <= 3000 for section in sections), "a section that Slack does not take")
        json.dumps([shown.text, *shown.blocks], ensure_ascii=False).encode()


def written(body: bytes) -> str:
    """The text in it, or all of it if that cannot be read; as a model's words come out of a stream."""
    try:
        text = json.loads(body)["text"]
    except (ValueError, RecursionError, LookupError, TypeError):
        text = None
    return text if isinstance(text, str) else body.decode("utf-8", "replace")


def signed(body: bytes) -> dict[str, str]:
    """The headers with which Slack would post it."""
    stamp = str(NOW)
    return {STAMP_HEADER: stamp, SIGNATURE_HEADER: sign(body, stamp.encode(), SECRET).decode()}


def ignored(outcome: object) -> str:
    """The verdict on what is left alone, and on nothing else."""
    require(isinstance(outcome, Ignored), "an outcome of no kind")
    reason = outcome.reason if isinstance(outcome, Ignored) else ""
    require(reason.isascii() and reason.isprintable() and len(reason) < 100, "an odd reason")
    return f"ignored: {reason.partition(' of type ')[0].partition('subtype ')[0] or 'subtype'}"


def require(true: bool, what: str) -> None:  # noqa: FBT001
    """An assertion that stays under -O."""
    if not true:
        raise AssertionError(what)


# what is spoiled


def said(**more: Any) -> dict[str, Any]:
    """A payload around a person's message, shaped as Slack's are."""
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
    } | more
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

SLACKS = "https://files.slack.com/files-pri/T0PRACTICE-F0FILE/download/a.txt"


def attached(**more: Any) -> dict[str, Any]:
    """A file as Slack tells of it."""
    told = {"id": "F0FILE", "name": "a.txt", "title": "a", "mimetype": "text/plain", "filetype": "text", "size": 12}
    return told | {"mode": "hosted", "url_private": SLACKS, "url_private_download": SLACKS} | more


CORPUS: tuple[dict[str, Any], ...] = (
    said(),
    said(type="app_mention"),
    said(thread_ts="1763821000.000100"),
    said(text="and then?", thread_ts="1763821000.000100", parent_user_id="U0ASKER01"),
    said(text="hello", channel="D0PRACTICE", channel_type="im"),
    said(subtype="file_share", files=[attached()]),
    said(files=[attached(mode="tombstone"), attached(file_access="check_file_info"), {"id": "F0FILE"}]),
    said(type="app_mention", files=[attached(url_private_download=None), attached(is_external=True), None]),
    said(subtype="thread_broadcast", thread_ts="1763821000.000100", root={"ts": "1763821000.000100"}),
    said(subtype="message_changed", hidden=True, message={"text": "x", "edited": {"user": "U0ASKER01"}}),
    said(subtype="bot_message", bot_id="B0OTHER", username="other"),
    said(user_team="T0OTHER", source_team="T0OTHER") | {"is_ext_shared_channel": True},
    {"type": "url_verification", "token": "practice-verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWM"},
    {"type": "app_rate_limited", "team_id": "T0PRACTICE", "minute_rate_limited": NOW, "api_app_id": "A0COCOAI"},
)


def clicked(action: str) -> dict[str, Any]:
    """The payload of a click on one of our buttons, shaped as Slack's are."""
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
Spoil = Callable[[random.Random, Node, Any], None]


def spoiled(seed: int, number: int, corpus: Sequence[dict[str, Any]] = CORPUS) -> bytes:
    """Mutation `number` of `seed`, as bytes."""
    dice = random.Random(seed * 2**40 + number)
    payload = copied(dice.choice(corpus))
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5))):
        if found := list(places(payload)):
            dice.choice(SPOILS)(dice, *dice.choice(found))
    body = encoded(dice, payload)
    while dice.random() < 0.2:
        body = dice.choice(TEXT_SPOILS)(dice, body)
    return body


def copied(value: Any) -> Any:
    """A copy that may be spoiled."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def places(node: Any) -> Iterator[tuple[Node, Any]]:
    """Everywhere below: the object or list, and the key or index."""
    for place, inner in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, place
        if isinstance(inner, (dict, list)) and inner:
            yield from places(inner)


def encoded(dice: random.Random, payload: Any) -> bytes:
    """As JSON, one way or the other that clients write it."""
    if dice.random() < 0.7:
        return json.dumps(payload).encode()
    return json.dumps(payload, ensure_ascii=False, indent=dice.choice((None, 0))).encode("utf-8", "surrogatepass")


def letters(dice: random.Random, most: int = 12) -> str:
    return "".join(dice.choices(CHARACTERS, k=dice.randint(1, most)))


def odd(dice: random.Random, node: Node, place: Any) -> None:
    node[place] = copied(dice.choice(ODD))


def drop(_: random.Random, node: Node, place: Any) -> None:
    del node[place]


def rename(dice: random.Random, node: Node, place: Any) -> None:
    if isinstance(node, dict):
        node[dice.choice((letters(dice), str(place).upper(), "ts", "thread_ts", "channel"))] = node.pop(place)


def wrap(dice: random.Random, node: Node, place: Any) -> None:
    node[place] = dice.choice(([node[place]], {str(place): node[place]}, str(node[place]), [node[place]] * 3))


def swap(dice: random.Random, node: Node, place: Any) -> None:
    other = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
    node[place], node[other] = node[other], node[place]


def scribble(dice: random.Random, node: Node, place: Any) -> None:
    """Put odd letters somewhere into a text."""
    text = str(node[place])
    at = dice.randint(0, len(text))
    node[place] = text[:at] + letters(dice) + text[at + dice.randint(0, 3) :]


def lengthen(dice: random.Random, node: Node, place: Any) -> None:
    """Long, and now and then as long as nginx lets through."""
    most = 100_000 if dice.random() < 0.02 else 600
    node[place] = dice.choice(("<@", "&lt;", "<", "9", "1.", "<@U0COCOAI>", letters(dice))) * (most // 4)


SPOILS: tuple[Spoil, ...] = (odd, odd, odd, drop, rename, wrap, swap, scribble, scribble, lengthen)


def flip(dice: random.Random, body: bytes) -> bytes:
    changed = bytearray(body or b"x")
    for _ in range(dice.choice((1, 1, 2, 8))):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(dice: random.Random, body: bytes) -> bytes:
    return body[: dice.randint(0, len(body))] if dice.random() < 0.5 else body[dice.randint(0, len(body)) :]


def repeat(dice: random.Random, body: bytes) -> bytes:
    """A piece of it twice: keys come twice, brackets are left open."""
    start, end = sorted(dice.randint(0, len(body)) for _ in range(2))
    return body[:end] + body[start:end] + body[end:]


def twice(dice: random.Random, body: bytes) -> bytes:
    """A key of each object a second time, with something else behind it."""
    name = dice.choice(("ts", "type", "channel", "user", "event", "text", "thread_ts"))
    value = json.dumps(dice.choice(ODD))
    return body.replace(b"{", f'{{"{name}":{value},'.encode(), dice.randint(1, 3))


def deepen(dice: random.Random, body: bytes) -> bytes:
    """Nest it, up to beyond what a reader's stack bears."""
    depth = dice.choice((1, 50, 900, 5000))
    inner = body if dice.random() < 0.5 else b"1"
    deep = b"[" * depth + inner + b"]" * depth if dice.random() < 0.7 else b'{"a":' * depth + inner + b"}" * depth
    return deep if inner is body else body.replace(b'"C0PRACTICE"', deep, 1)


def digits(dice: random.Random, body: bytes) -> bytes:
    """A number of more digits than int() takes, or with a monstrous exponent."""
    number = dice.choice((b"9" * 5000, b"1e999999", b"-1e-999999", b"0." + b"3" * 5000, b"-" + b"1" * 30))
    return body.replace(str(NOW).encode(), number, 1)


def recode(dice: random.Random, body: bytes) -> bytes:
    """In another coding, which JSON readers guess."""
    text = body.decode("utf-8", "replace")
    return text.encode(dice.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be")))


TEXT_SPOILS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(flip, flip, cut, repeat, twice, twice, deepen, digits, recode),
)


Judged = Callable[[Path], Judge | ClickJudge | TextJudge]

FUZZED: dict[str, tuple[Judged, Sequence[dict[str, Any]]]] = {
    "events": (Judge, CORPUS),
    "clicks": (ClickJudge, CLICKS),
    "texts": (TextJudge, TEXTS),
}
"""Who judges what."""

if __name__ == "__main__":
    sys.exit(main())
