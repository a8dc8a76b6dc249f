"""Errors: every refusal has its status, its line and its counter."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai import errors

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

PACKAGE = Path(__file__).parent.parent / "cocoai"


def refusals(path: Path) -> Iterator[str]:
    """Yield the name of each class below `cocoai` that a file derives from `Refused`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name, bases=[ast.Name(id="Refused"), *_]):
                yield name


def test_every_refusal_has_its_own_counter() -> None:
    """Each class of refusal in the tree stands in REFUSALS, with a counter that no other has."""
    names = [name for path in PACKAGE.glob("**/*.py") for name in refusals(path)]

    assert sorted(names) == sorted(each.__name__ for each in errors.REFUSALS)
    assert len(names) == len({each.counter for each in errors.REFUSALS})


def test_the_counters_keep_their_names_and_places() -> None:
    """A running pool counts under these names, in this order; a change makes its scoreboard another one."""
    expected = (
        "the signature is missing or garbled",
        "the signature is not Slack's",
        "the signature is stale",
        "the body is not JSON",
        "the body is not a form",
        "the body is too big",
        "the body is shorter than its Content-Length",
        "Content-Length is not a number",
        "not found",
        "method not allowed",
        "cannot read it now",
        "cannot keep it now",
        "internal error",
        "a click that is not allowed",
        "our own identity is not known yet",
    )

    assert expected == errors.COUNTERS


def test_a_refused_method_names_the_allowed_ones_in_order() -> None:
    """The header Allow lists the methods in the order of the alphabet (RFC 9110, 15.5.6)."""
    assert (("Allow", "GET, HEAD, POST"),) == errors.MethodNotAllowed(["POST", "GET", "HEAD"]).headers


def test_every_refusal_is_an_error_of_its_status() -> None:
    """Each refusal carries its status, and its line as its code."""
    made = [each(["GET"]) if each is errors.MethodNotAllowed else each() for each in errors.REFUSALS]

    assert [(each.status, each.line) for each in errors.REFUSALS] == [(each.status, each.code) for each in made]
    assert {400, 401, 403, 404, 405, 413, 500, 503} == {each.status for each in made}
