"""slack/api/json_array.py: whatever the cuts, the items come one by one, and what is no JSON is an error."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.api.json_array import MOST_ITEM, ArrayReader

pytestmark = pytest.mark.pure

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def in_pieces(data: bytes, cuts: Iterable[int]) -> Callable[[], bytes]:
    """Return a function that returns `data` cut at these places, and b"" from then on."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    return lambda: pieces.pop(0) if pieces else b""


@given(
    st.lists(JSON, max_size=6),
    st.dictionaries(st.text(max_size=4).filter(lambda name: name != "messages"), JSON, max_size=4),
    st.lists(st.integers(0, 10_000), max_size=8),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_the_items_and_the_rest_are_those_of_the_json(
    items: list[object], rest: dict[str, object], cuts: list[int], indent: int | None, is_ascii: bool
) -> None:
    """The items are those of the array, wherever it stands; the other values are in `rest`."""
    text = json.dumps({**rest, "messages": items, "last": 1}, indent=indent, ensure_ascii=is_ascii)
    reader = ArrayReader(in_pieces(text.encode("utf-8", "replace"), cuts), "messages")

    assert items == list(reader)
    assert {**rest, "last": 1} == reader.rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "<html>",
        '{"messages": [1, 2',
        '{"messages": [1, 2]',
        '{"messages": [1 2]}',
        '{"ok": tru}',
        '{"ok"}',
        f'{{"messages": [{"[" * 100_000}',
        f'{{"text": "{"x" * 2 * (MOST_ITEM + 70_000)}"}}',
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_object_or_too_long_is_an_error(text: str) -> None:
    """Nothing is waited for that cannot come, and no value fills the memory."""
    reader = ArrayReader(in_pieces(text.encode(), range(0, len(text), 65_536)), "messages")

    with pytest.raises(ValueError, match=r"\w"):
        list(reader)


def test_an_array_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never stops sending items is not read for ever."""
    monkeypatch.setattr("cocoai.slack.api.json_array.MOST_ALL", 100_000)
    pieces = itertools.chain([b'{"messages": [0'], itertools.repeat(b", 1" * 1000))
    reader = ArrayReader(pieces.__next__, "messages")

    with pytest.raises(ValueError, match="too long"):
        list(reader)


def test_another_value_in_the_place_of_the_array_is_in_the_rest() -> None:
    """An array is only looked for: what is none has no items."""
    reader = ArrayReader(in_pieces(b'{"messages": "none", "empty": {}}', []), "messages")

    assert [] == list(reader)
    assert {"messages": "none", "empty": {}} == reader.rest


def test_an_empty_object_has_nothing() -> None:
    """`{}` is an object without the array."""
    reader = ArrayReader(in_pieces(b" {} ", [1]), "messages")

    assert [] == list(reader)
    assert {} == reader.rest
