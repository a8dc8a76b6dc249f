"""Mutations of JSON and of bytes. Mutation N of a seed is always the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.fuzz.check import NOW

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


def mutated(seed: int, number: int, corpus: Sequence[dict[str, Any]]) -> bytes:
    """Return mutation `number` of `seed` of an item of the corpus, as bytes."""
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
