"""Reads the words out of a transcript in WebVTT, as Slack writes it for a clip. Pure; loaded only when needed.

Source: the Web Video Text Tracks format, w3.org/TR/webvtt1.
"""

from __future__ import annotations

import html
import re

_VOICE = re.compile(r"<v[.\w]*\s+([^>]{1,80})>")
_TAG = re.compile(r"</?[a-z0-9.:]*[^<>]{0,200}>", re.IGNORECASE)


def transcript_of(data: bytes) -> str | None:
    """Return the words of a WebVTT file, one line for each speaker's turn; None if the data is no such file.

    Where the file names the speakers, `NAME: ` stands before a turn. "" if nothing is said.
    """
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    if not re.match(r"WEBVTT(?:[ \t\n]|\Z)", text):
        return None
    turns: list[tuple[str, list[str]]] = []
    for block in text.split("\n\n")[1:]:
        speaker, words = _cue(block.strip("\n").split("\n"))
        if not words:
            continue
        if not turns or turns[-1][0] != speaker:
            turns.append((speaker, []))
        turns[-1][1].append(words)
    return "\n".join(f"{speaker}: {' '.join(words)}" if speaker else " ".join(words) for speaker, words in turns)


def _cue(lines: list[str]) -> tuple[str, str]:
    """Return the speaker ("" if unnamed) and the words of a cue; "" for a block that is none, such as a note."""
    start = next((number for number, line in enumerate(lines) if "-->" in line), None)
    if start is None:
        return "", ""
    raw = " ".join(lines[start + 1 :])
    voice = _VOICE.search(raw)
    words = html.unescape(_TAG.sub("", raw))
    return (html.unescape(voice[1]).strip() if voice else ""), " ".join(words.split()).removeprefix("- ")
