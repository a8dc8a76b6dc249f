"""The code reads plainly: docstrings open with a verb, one class has one name, files stay short.

ruff holds D401 and the presence of docstrings; here stands what it does not see.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "cocoai").rglob("*.py"))

NO_VERBS = frozenset(
    (
        "the",
        "a",
        "an",
        "what",
        "whether",
        "who",
        "whoever",
        "how",
        "all",
        "one",
        "each",
        "this",
        "it",
        "as",
        "where",
        "when",
        "and",
        "of",
        "no",
        "nothing",
        "those",
        "that",
        "some",
        "every",
        "for",
        "in",
        "is",
        "if",
        "its",
        "our",
        "ours",
        "we",
        "by",
        "with",
        "on",
        "at",
        "from",
        "to",
        "not",
        "only",
        "there",
        "these",
        "they",
        "somebody",
    )
)
"""Words with which no function's docstring opens: articles, pronouns, questions and prepositions."""

MOST_LINES = 300
"""Lines of one file."""

LAMBDAS = 1
"""At most so many in 1,000 lines."""


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Yield every function of a file, methods included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def opens_with_a_verb(docstring: str) -> bool:
    """Check that the first word may be a verb."""
    return docstring.split()[0].strip("`*,.:;\"'").lower() not in NO_VERBS


def test_docstrings_open_with_a_verb() -> None:
    """No function of the product opens its docstring with an article, a pronoun or a question word."""
    odd = [
        f"{path.relative_to(ROOT)}: {node.name}: {docstring.splitlines()[0]}"
        for path in FILES
        for node in functions(path)
        if (docstring := ast.get_docstring(node)) and not opens_with_a_verb(docstring)
    ]

    assert [] == odd


@pytest.mark.parametrize(("docstring", "is_verb"), [("Return it.", True), ("The job.", False), ("`Who` knows.", False)])
def test_an_opening_that_is_no_verb_is_seen(docstring: str, *, is_verb: bool) -> None:
    """The check can fail."""
    assert is_verb is opens_with_a_verb(docstring)


def test_a_public_class_has_a_name_of_its_own() -> None:
    """No two public classes of the product share a name."""
    names = Counter(
        node.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert [] == [name for name, count in names.items() if count > 1]


def test_files_stay_short() -> None:
    """No file of the product has more than 300 lines."""
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in FILES}

    assert {} == {name: length for name, length in lengths.items() if length > MOST_LINES}


def test_few_functions_are_without_a_name() -> None:
    """The product has at most one lambda in 1,000 lines."""
    trees = [ast.parse(path.read_text("utf-8")) for path in FILES]
    lambdas = sum(isinstance(node, ast.Lambda) for tree in trees for node in ast.walk(tree))
    lines = sum(path.read_text("utf-8").count("\n") for path in FILES)

    assert lambdas * 1000 <= LAMBDAS * lines
