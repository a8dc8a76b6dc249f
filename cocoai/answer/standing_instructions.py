"""Complete the instructions by what holds for every answer here: what CocoAI can do, how Slack shows things, the date.

What changes least stands first, so that servers can reuse the beginning of one request for the next: the persona's
instructions, the fixed part, the date (without a time), and then the conversation. Pure: the date comes in.
"""

from __future__ import annotations

import time

from cocoai.answer.options import AnswerOptions

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""Their names in English whatever the machine's locale, by `tm_wday`."""

_FILES = """\
- Of files, you are shown those attached to the question itself: pictures, PDFs, Office files of which Slack has a PDF,
  text and code, canvases, and transcripts of voice clips, audio and videos."""

_NO_FILES = "- Files are not shown to you here; text can be pasted."

_FIXED = """\
How things are here, in Slack:
- You see this thread up to the question{found}, and nothing else: no other channels or messages, no
  web pages, no calendars.
{files}
- "[attached: NAME, not read, WHY]" stands for a file that you are not shown: say so, and do not guess its content.
- You only answer when asked. You cannot write later by yourself, set reminders, send messages elsewhere, run code, or
  make {made}. If somebody wants that, say briefly that you cannot do it here.{pictures}
- Slack shows Markdown: headings, lists, tables, links and code blocks. It shows neither LaTeX nor HTML: write formulas
  as plain text or code.
- The app's own short messages (a placeholder, a notice) may end in にゃ. They are not yours to imitate: write plain,
  polite language, unless the instructions above ask for another tone."""


_PICTURES = """
- A picture is drawn for whoever orders one in so many words, such as "draw a cat" or 「猫の絵を描いて」; one that is in
  the thread is changed by "redraw: …" or 「描き直して: …」. You cannot do it yourself: tell people how to ask."""


def channel_instructions(options: AnswerOptions, channel: str, now: time.struct_time) -> str:
    """Return the instructions for a channel by the options; see standing_instructions()."""
    return standing_instructions(
        options.personas.for_channel(channel).instructions,
        now,
        files=options.attachments.question_bytes > 0,
        pictures=options.images is not None,
        material=options.documents.instructions() if options.documents else "",
    )


def standing_instructions(
    persona: str, now: time.struct_time, *, files: bool, pictures: bool = False, material: str = ""
) -> str:
    """Return the persona's instructions, completed by what holds for every answer of the day.

    `now` is the local time, with its zone; of it only the date and the zone are told. `files`: attached files are read;
    `pictures`: some are drawn. `material` says how answers rest on passages that are found for a question, "" where
    none are looked for. The result is the same for each question of a day.
    """
    fixed = _FIXED.format(
        files=_FILES if files else _NO_FILES,
        made="files" if pictures else "pictures or files",
        pictures=_PICTURES if pictures else "",
        found=" and the passages under it" if material else "",
    )
    return "\n\n".join(filter(None, (persona.strip(), fixed, material, _date(now))))


def _date(now: time.struct_time) -> str:
    """Return the date as `Today is Monday, 2026-11-30 (JST, UTC+09:00).`; a zone without a name has its offset only."""
    minutes = (now.tm_gmtoff or 0) // 60
    offset = f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    zone = f"{now.tm_zone}, {offset}" if now.tm_zone and now.tm_zone.isalpha() and minutes else offset
    return f"Today is {WEEKDAYS[now.tm_wday]}, {now.tm_year:04}-{now.tm_mon:02}-{now.tm_mday:02} ({zone})."
