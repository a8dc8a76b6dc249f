"""What a rehearsal can play: every wrong thing has a sentence, and turns switches that there are."""

from __future__ import annotations

from dataclasses import fields

import pytest

from cocoai.cli import main
from cocoai.errors import CocoAIError
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.wrong import find, listed, play, wrong_things


@pytest.mark.parametrize("name", wrong_things())
def test_each_wrong_thing_turns_switches_that_there_are(name: str) -> None:
    """It changes the behaviour of one of the two servers."""
    thing = wrong_things()[name]

    for switches, changes in ((SlackSwitches(), thing.slack), (OpenAISwitches(), thing.openai)):
        usual = {each.name: getattr(switches, each.name) for each in fields(switches)}
        assert set(changes) <= set(usual)
        assert all(usual[key] != value for key, value in changes.items())
    assert thing.slack or thing.openai


def test_it_is_said_what_is_played_and_how_to_look() -> None:
    """A line for each, and the command that an operator types."""
    slack, openai, said = SlackSwitches(), OpenAISwitches(), list[str]()

    play(find(["revoked-token", "no-credit"]), slack, openai, said.append, "/x/cocoai.ini")

    assert ("token_revoked", False) == (slack.dead_token, openai.credit)
    assert ["the bot token was revoked" in said[0], "no credit" in said[1]] == [True, True]
    assert said[2].endswith("cocoai check --config /x/cocoai.ini")


def test_the_real_openai_plays_nothing() -> None:
    """Its own account would have to be emptied for that."""
    with pytest.raises(CocoAIError, match="leave out --openai"):
        play(find(["no-credit"]), SlackSwitches(), None, lambda _: None, "x")


def test_the_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    """`--wrong list` starts nothing."""
    assert 0 == main(["rehearse", "--wrong", "list"])

    assert list(listed()) == capsys.readouterr().out.splitlines()
    assert list(wrong_things()) == [line.split()[0] for line in listed()]


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--wrong", "weather"], "no such thing"), (["--wrong", "no-credit", "--once"], "--once")]
)
def test_what_cannot_be_meant_is_said_before_anything_starts(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown name; a rehearsal that ends before anybody has looked."""
    assert 1 == main(["rehearse", *arguments])

    assert words in capsys.readouterr().err
