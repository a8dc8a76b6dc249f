"""Tell which files of a checkout an engine would let into a build: all but those that .dockerignore leaves out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """One line of .dockerignore: paths that fit `pattern` are left out, or with `lets_in` let in again."""

    pattern: re.Pattern[str]
    lets_in: bool


class Context:
    """The files of the folder `root` that may be copied into an image, by the rules of its .dockerignore."""

    def __init__(self, root: Path) -> None:
        self.root = root
        text = (root / ".dockerignore").read_text(encoding="utf-8")
        self._rules = [_rule(line) for each in text.splitlines() if (line := each.strip()) and line[0] != "#"]

    def has(self, path: str) -> bool:
        """Return True if a path (relative to the folder) may be copied; the last rule that fits it decides.

        A rule fits a path also if it fits a folder above it.
        """
        parts = path.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        fitting = [rule for rule in self._rules if any(rule.pattern.fullmatch(each) for each in above)]
        return not fitting or fitting[-1].lets_in

    def files(self, below: str = "") -> Iterator[str]:
        """Yield the paths of all files that may be copied, in order; `below` is a file, or a folder ("": all).

        Folders that are left out are not looked into: a rule that lets in a part of one is not known here.
        """
        start = self.root / below
        if not start.is_dir():
            if not self.has(below):
                raise FileNotFoundError(f"{below} is left out by .dockerignore")
            yield below
            return
        for folder, folders, files in os.walk(start):
            here = Path(folder).relative_to(self.root)
            folders[:] = sorted(each for each in folders if self.has(str(here / each)))
            yield from (str(here / each) for each in sorted(files) if self.has(str(here / each)))


def _rule(line: str) -> Rule:
    """Return the rule of a line. Raise ValueError for signs that are not known here."""
    lets_in, pattern = line.startswith("!"), line.lstrip("!").strip("/")
    if re.search(r"[\[\]\\]", pattern):
        raise ValueError(f".dockerignore: {line} is not understood here")
    written = re.split(r"(\*\*/|\*|\?)", pattern)
    signs = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return Rule(re.compile("".join(signs.get(each, re.escape(each)) for each in written)), lets_in)
