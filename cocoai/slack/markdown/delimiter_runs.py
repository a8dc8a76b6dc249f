"""Decides what a delimiter run (`*`, `__`, `~~` …) opens and closes, from what stands beside it and what is open.

Kinder than CommonMark beside Japanese, where `**「強調」**は` is meant and fails; stricter where text only looks like
emphasis: products (`単価*数量*税率`, `=(A1*B1)*(C1*D1)`), powers, names, `COUNT(*)`, `f^*(x)`. It renders nothing.
Source: spec.commonmark.org/0.31.2 section 6.2.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

DELIMITERS = frozenset(["**", "__", "*", "_", "~~"])

_TRIPLE = {"***": ("**", "*"), "___": ("__", "_")}
"""Runs that open two delimiters at once, outermost first."""

_OPENING_BRACKETS = "([{「『（【〈《［｛〔“‘"
_CLOSING_BRACKETS = ")]}」』）】〉》］｝〕”’"

_NEVER_OPENED = _CLOSING_BRACKETS + "、。，．"
"""No emphasis begins with one of these."""

_NEVER_CLOSED = _OPENING_BRACKETS + "^=\\<|&+,"
"""No emphasis ends with one of these: `(*args`, `f^*(x)`, `*.py,*.js`."""

_OPENS_BEHIND_PUNCTUATION = "\"'([{<`\\@#&+-$~/"
"""ASCII punctuation with which emphasis begins that stands right behind other ASCII punctuation, as in `("**"a"**`."""

_NEVER_BEFORE_OPENED = ">)]}%^.\\"
"""No emphasis begins behind one of these and before other ASCII punctuation."""

_OPERAND_ENDS = ")]}）］｝」』%`"
_OPERAND_BEGINS = "([{（［｛「『√$`"
"""What may stand beside a multiplication sign, apart from letters and digits."""


class Run(NamedTuple):
    """A delimiter run in a line: its text, where it stands, and the characters beside it, "" at an end of the line."""

    line: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """Return the run itself."""
        return self.line[self.start : self.end]

    @property
    def before(self) -> str:
        """Return the character before it."""
        return self.line[self.start - 1 : self.start] if self.start else ""

    @property
    def after(self) -> str:
        """Return the character behind it."""
        return self.line[self.end : self.end + 1]


class Opener(NamedTuple, Generic[T]):
    """An open delimiter: the run that opened it, and the caller's own `place`, which tells where that was."""

    run: Run
    place: T


Openers = dict[str, Opener[T]]
"""A stack: the delimiters that are open at a place, outermost first, at most one of each kind."""


def push_opener(openers: Openers[T], delimiter: str, run: Run, place: T) -> None:
    """Add a delimiter as the innermost open one; an open one of the same kind is removed, and so stays text."""
    openers.pop(delimiter, None)
    openers[delimiter] = Opener(run, place)


def pop_opener(openers: Openers[T], delimiter: str) -> T:
    """Remove an open delimiter and all inside it, which stay text; return the place where it was opened."""
    while True:
        innermost, opener = openers.popitem()
        if innermost == delimiter:
            return opener.place


def closed_by(run: Run, rest: str, openers: Openers[T]) -> str:
    """Return the open delimiter that the beginning of `rest` closes; "" if it closes none.

    `rest` is what of the run has closed nothing yet. `openers` stays as it is.
    """
    if not rest or not openers or not _may_close(run):
        return ""
    if rest in openers:
        return rest if _is_meant(openers[rest].run, run, rest) else ""
    for delimiter in reversed(openers):
        if _begins_with(rest, delimiter, run) and _is_meant(openers[delimiter].run, run, delimiter):
            return delimiter
    return ""


def opened_by(run: Run, rest: str) -> tuple[str, ...]:
    """Return the delimiters that `rest`, the end of this run, may open, outermost first; () if none."""
    if not rest or not _may_open(run):
        return ()
    return _TRIPLE.get(rest, (rest,) if rest in DELIMITERS else ())


def still_open(openers: Openers[T]) -> list[str]:
    """Return the delimiters that are open, outermost first, without asterisks that may be multiplication signs."""
    return [
        each for each, opener in openers.items() if each != "*" or not _is_operand(opener.run.before, _OPERAND_ENDS)
    ]


def _may_open(run: Run) -> bool:
    """Return True if emphasis may begin behind this run."""
    before, after = run.before, run.after
    if not after.strip() or after in _NEVER_OPENED or before == "^":
        return False
    if run.line[run.start] == "_" and _is_in_name(before, after):
        return False
    if is_in_ascii_word(before, after) or (before == "/" and after in "/."):
        return False
    if not (_is_ascii_punctuation(before) and _is_ascii_punctuation(after)):
        return True
    return after in _OPENS_BEHIND_PUNCTUATION and before not in _NEVER_BEFORE_OPENED and before != after


def _may_close(run: Run) -> bool:
    """Return True if emphasis may end before this run."""
    before, after = run.before, run.after
    if not before.strip() or before in _NEVER_CLOSED or (before == "/" and run.text == "*"):
        return False  # the last is the beginning of a comment
    if before == after and before in "\"'`":
        return False
    return run.line[run.start] != "_" or not _is_in_name(after, before)


def _begins_with(rest: str, opener: str, run: Run) -> bool:
    """Return True if `rest` begins with this open delimiter and may close it.

    In `*a**b**c*` the `**` does not close the `*`: CommonMark's rule of three (6.2, rules 9 and 10).
    """
    is_nested = len(rest) + len(opener) == 3 and bool(opened_by(run, rest))
    return rest.startswith(opener) and not is_nested


def _is_meant(opener: Run, closer: Run, delimiter: str) -> bool:
    """Return True if two runs that could enclose emphasis are meant to, and are no signs in a formula.

    A product has an operand on each outer side. Hiragana there is a particle, as in `これは*斜体*です`, and no operand.
    """
    inside = closer.line[opener.end : closer.start]
    if is_in_ascii_word(closer.before, closer.after) and not _is_part_of_word(inside, closer, delimiter):
        return False
    has_operands = _is_operand(opener.before, _OPERAND_ENDS) and _is_operand(closer.after, _OPERAND_BEGINS)
    if delimiter == "*":
        return not has_operands
    return delimiter != "**" or not has_operands or not (opener.before + inside + closer.after).isascii()


def _is_part_of_word(inside: str, closer: Run, delimiter: str) -> bool:
    """Return True if a run within an ASCII word ends emphasis of its first part, as in `**B**old`, and is no sign."""
    if delimiter == "**":
        return not (closer.before.isdigit() and closer.after.isdigit())
    return inside.isalnum()


def is_in_ascii_word(before: str, after: str) -> bool:
    """Return True between two ASCII letters or digits: `2*3*4` is a product, whatever CommonMark says."""
    return before.isalnum() and after.isalnum() and (before + after).isascii()


def _is_in_name(outside: str, inside: str) -> bool:
    """Return True if an underscore, between the characters `outside` and `inside` the emphasis, belongs to a name.

    In `snake_case` it does. Hiragana goes on behind a word without a space, so there it is a delimiter, unless the text
    inside is ASCII.
    """
    return outside.isalnum() and not (_is_hiragana(outside) and not inside.isascii())


def _is_operand(character: str, punctuation: str) -> bool:
    """Return True for a letter or digit other than hiragana, and for one of `punctuation`; False for ""."""
    return bool(character) and (character in punctuation or (character.isalnum() and not _is_hiragana(character)))


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u3096"


def _is_ascii_punctuation(character: str) -> bool:
    return character.isascii() and character.isprintable() and bool(character.strip()) and not character.isalnum()
