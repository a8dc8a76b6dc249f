"""Decide to whom a line without a mention is put, in a thread in which CocoAI was asked before. Rules alone, no model.

    alone with CocoAI          everything is put to it
    somebody else has spoken   put to it is what the last asker writes right behind an answer, what answers a question
                               of CocoAI's, what names it, and what asks for an assistant's work

Thanks and assent behind an answer are put to it too, but want no answer. In doubt a line is for people: to butt in is
worse than to be asked twice.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from cocoai.slack.inbound.follow_up_words import (
    ABOUT_US,
    ASSENT,
    CHATS,
    COURTESIES,
    INTENDS,
    OUR_NAME,
    PRAISE,
    THANKS,
    TO_A_NAME,
    TO_A_PERSON,
    TO_ONESELF,
    TO_US,
    WANTS,
    WORK,
    WORK_FOR_PEOPLE,
    WORK_FOR_US,
)
from cocoai.slack.model.talk import Talk

Verdict = Literal["question", "thanks", "others"]
"""To be answered; thanks or assent, for which a reaction is enough; or put to other people, or to nobody."""

LONGEST = 500
"""Characters of a line that are looked at: to whom it is put is said at its beginning, or it is long for a reason."""

LONGEST_THANKS = 120
"""Characters of the longest message that is looked at for thanks."""

LONGEST_REST, LONGEST_BESIDE_THANKS, LONGEST_ASKED = 24, 60, 8
"""Letters and digits that a line may have beside its words of assent or praise; beside thanks; and beside praise where
CocoAI has asked something, so that what stands beside may be the answer."""

LONGEST_LATE_ANSWER = 30
"""Characters of the longest line that answers what CocoAI asked before people spoke."""

LONGEST_ANSWER = 80
"""Characters of the longest line of another person that answers what CocoAI asked."""

_QUOTED = re.compile(r"「[^」]*」|『[^』]*』|“[^”]*”|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)")
"""Words that somebody else's text has, or is to have."""

_NOT_SAID = re.compile(r"^(?:&gt;|>)[^\n]*$|```.*?```|`[^`]*`|<[^<>]*>|:[a-z0-9_+'-]+:", re.MULTILINE | re.DOTALL)


def verdict(text: str, user: str, talk: Talk, *, mentions_others: bool = False) -> Verdict:
    """Return to whom `user` puts a line in the thread `talk`. The text is as Slack writes it.

    `mentions_others`: it mentions a person, a group or everybody, and not us.
    """
    written = _words(text)
    said = written.lower()
    if TO_US.search(said):
        return "thanks" if _is_thanks(OUR_NAME.sub("", said)) else "question"
    if mentions_others or TO_A_PERSON.search(said) or TO_A_NAME.search(written) or TO_ONESELF.search(said):
        return "others"
    if user != (talk.asker or user):
        return "question" if talk.asks and talk.is_ours and _is_answer(said) else "others"
    if talk.has_others and not talk.is_ours:
        is_quoting = text.lstrip().startswith(("&gt;", ">")) and "?" in said
        return "question" if is_quoting or _is_for_us_among_people(said, talk) else "others"
    if _is_thanks(said, is_asked=talk.asks):
        return "thanks"
    return "question" if talk.asks or _is_put_to_us(said, talk) else "others"


def is_only_thanks(text: str, *, is_asked: bool = False) -> bool:
    """Check whether a message to CocoAI is thanks, assent or praise, and hardly more; the text is as Slack writes it.

    If CocoAI has asked something (`is_asked`), only thanks are: assent, or what stands beside them, may be the answer.
    """
    return len(text) <= LONGEST_THANKS and _is_thanks(_words(text).lower(), is_asked=is_asked)


def _words(text: str) -> str:
    """Return the beginning of a text of normal width, on one line, without what is quoted, code, linked or an emoji."""
    return " ".join(_NOT_SAID.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST])).split())


def _is_thanks(said: str, *, is_asked: bool = False) -> bool:
    """Check what is_only_thanks() does, of a line as the patterns take it."""
    said = _QUOTED.sub("x" * LONGEST_BESIDE_THANKS, said)  # whoever quotes wants something
    rest = PRAISE.sub("", said) if is_asked else ASSENT.sub("", PRAISE.sub("", said))
    has_thanks = bool(THANKS.search(said))
    beside = COURTESIES.sub("", THANKS.sub("", rest))
    most = LONGEST_BESIDE_THANKS if has_thanks else LONGEST_REST
    if is_asked:
        most = LONGEST_ASKED if rest != said else 0
    wants = WANTS.search(said) or WORK.search(beside)
    return (has_thanks or rest != said) and sum(map(str.isalnum, beside)) <= most and not wants


def _is_put_to_us(said: str, talk: Talk) -> bool:
    """Check whether the last asker puts a line to CocoAI, right behind its answer.

    Alone with it, one puts everything to it but what one does next. Where others read along, a line may be for them.
    """
    if talk.has_others and (ABOUT_US.search(said) or WORK_FOR_PEOPLE.search(said)):
        return False
    is_talk = INTENDS.search(said) or (talk.has_others and CHATS.search(said))
    return not is_talk or bool(WANTS.search(said))


def _is_answer(said: str) -> bool:
    """Check whether a line of another person than the asker answers what CocoAI has just asked."""
    return len(said) <= LONGEST_ANSWER and not (_is_thanks(said) or ABOUT_US.search(said) or "?" in said)


def _is_for_us_among_people(said: str, talk: Talk) -> bool:
    """Check whether the last asker turns to CocoAI again, after somebody else has spoken."""
    if ABOUT_US.search(said) or WORK_FOR_PEOPLE.search(said):
        return False
    is_answer = talk.asks and len(said) <= LONGEST_LATE_ANSWER and _is_answer(said) and not INTENDS.search(said)
    return is_answer or bool(WORK_FOR_US.search(said))
