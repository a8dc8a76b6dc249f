"""Find the words of the index that a mistyped word may have meant. Pure but for the index's list of words."""

from __future__ import annotations

import sqlite3

SHORTEST = 4
"""Letters of a word that is corrected: a shorter one is near too many."""


def may_be_mistyped(word: str) -> bool:
    """Check whether a word is of the letters a to z, and long enough to be told from others."""
    return len(word) >= SHORTEST and word.isascii() and word.isalpha()


def near_words(connection: sqlite3.Connection, word: str) -> list[str]:
    """Return the words of the index that differ from a word by one letter: another, one more, one less, or two swapped.

    Their first two letters are among its first three: others are not looked at, as the list may be long.
    """
    beginnings = {word[0] + word[1], word[0] + word[2], word[1] + word[0]}
    sql = "SELECT term FROM vocabulary WHERE term BETWEEN ? AND ?"
    return [
        each
        for beginning in sorted(beginnings)
        for (each,) in connection.execute(sql, (beginning, beginning + "\U0010ffff"))
        if is_near(word, each)
    ]


def is_near(word: str, other: str) -> bool:
    """Check whether two different words become the same by changing, adding, removing or swapping one letter."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    start = next((at for at, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    end = 0
    while end < min(len(word), len(other)) - start and word[-1 - end] == other[-1 - end]:
        end += 1
    left, right = word[start : len(word) - end], other[start : len(other) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])
