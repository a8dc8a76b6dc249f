"""Conversations in the production shape: what people say, what becomes of it, and what the model is shown.

The commands, a cut answer that goes on, who answers where (changed without a restart), and threads as people make them:
several of them, edits and deletions, other bots, direct messages, messages that are meant for somebody else.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.prompt import CONTINUE_INSTRUCTION
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.workspace import Person
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import ENGLISH, JAPANESE, LANGUAGES, Texts
from tests.house import House, house, payload
from tests.processes import wait_until
from tests.test_controls import ended, key_of
from tests.test_journey import kept_kind

ASKER, SECOND, THIRD = "U0ASKER01", "U0ASKER02", "U0ASKER04"
ROBOT = Person("U0ROBOT01", "Robot", is_bot=True)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for all of them."""
    with house(tmp_path_factory.mktemp("house"), certificates) as built:
        wait_until((built.var / "identity.json").exists)
        built.slack.add(ROBOT)
        yield built


@pytest.fixture
def built(standing: House) -> Iterator[House]:
    """The house with its own settings, and a model that answers in one line, when the test is over too."""
    settings = standing.var / "cocoai.ini"
    before = settings.read_text(encoding="utf-8")
    standing.openai.switches.answer = lambda question: f"So you say: {question.splitlines()[-1]}"
    yield standing
    vars(standing.openai.switches).update(vars(Model()))
    put(settings, before)


def put(path: Path, text: str) -> None:
    """Put a file in another's place, as editors do."""
    unfinished = path.with_name(f"{path.name}~")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.chmod(0o600)
    unfinished.replace(path)


def change(built: House, more: str) -> None:
    """Write more settings into the file."""
    settings = built.var / "cocoai.ini"
    put(settings, f"{settings.read_text(encoding='utf-8')}\n{more}\n")


def talk(built: House, text: str, thread_ts: str | None = None, **where: Any) -> tuple[Message, str]:
    """Say something that is a question; it, and what is read in reply."""
    question = built.slack.say(where.pop("user", ASKER), text, thread_ts=thread_ts, **where)
    return question, html.unescape(ended(built, question).text)


def mention(text: str) -> str:
    return f"<@U0COCOAI> {text}".strip()


def shown(built: House) -> list[tuple[str, str]]:
    """Who said what, as the model was shown it last, the instructions aside."""
    return [(told["role"], told["content"]) for told in built.openai.requests[-1].body["messages"][1:]]


def instructions(built: House) -> str:
    return str(built.openai.requests[-1].body["messages"][0]["content"])


def model(built: House) -> str:
    return str(built.openai.requests[-1].body["model"])


def is_ignored(built: House, message: Message) -> bool:
    """Has it come to us, and left nothing in the spool? One that comes behind a question is a follow-up to that."""
    built.slack.wait_for_deliveries()
    return kept_kind(built, message.ts) is None


# commands


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("help", ENGLISH),
        ("Help!", ENGLISH),
        ("ｈｅｌｐ．", JAPANESE),
        ("ヘルプ", JAPANESE),
        ("ﾍﾙﾌﾟ。", JAPANESE),
        ("", JAPANESE),
        ("ｄｅｅｐ：", JAPANESE),
        ("deep:", ENGLISH),
    ],
)
def test_help_says_what_there_is(built: House, text: str, words: Texts) -> None:
    """Also to nothing but a mention, and to a word for another model with nothing behind it. The model is not asked."""
    change(built, "[models]\ndeep = gpt-6.1-sol")
    number = len(built.openai.requests)

    question, told = talk(built, mention(text))

    assert words.help_text({"deep": "gpt-6.1-sol"}, files=True, buttons=True) == told
    assert "note" == payload(built.replies(question)[0])["kind"]
    assert number == len(built.openai.requests)


@pytest.mark.parametrize(("text", "words"), [("model", ENGLISH), ("ＭＯＤＥＬ?", None), ("モデル", JAPANESE)])
def test_model_tells_which_answers_here(built: House, text: str, words: Texts | None) -> None:
    """By its name, in this channel; whoever asks a question of the model gets its answer."""
    _, told = talk(built, mention(text))
    change(built, "[channel C0PRACTICE]\nmodel = gpt-6-sol")
    _, then = talk(built, mention(text))

    if words:
        assert [words.model.format(model=name) for name in ("gpt-6-luna", "gpt-6-sol")] == [told, then]
    else:
        assert ["So you say: ＭＯＤＥＬ?"] * 2 == [told, then]


@pytest.mark.parametrize(
    ("text", "words"),
    [("reset", ENGLISH), ("Ｒｅｓｅｔ．", JAPANESE), ("リセット。", JAPANESE), ("ﾘｾｯﾄ", JAPANESE)],
)
@pytest.mark.parametrize("channel", ["C0PRACTICE", "D0PRACTICE"])
def test_after_a_reset_nothing_before_it_is_seen(built: House, channel: str, text: str, words: Texts) -> None:
    """In a thread, and in one of direct messages; what is said from there on is."""
    first, _ = talk(built, mention("my cat is grey"), channel=channel)
    _, told = talk(built, text, first.ts, channel=channel)
    talk(built, "what is my name?", first.ts, channel=channel)
    at_once = shown(built)
    talk(built, "and now?", first.ts, channel=channel)

    assert words.started_over == told
    assert [("user", "what is my name?")] == at_once
    assert [*at_once, ("assistant", "So you say: what is my name?"), ("user", "and now?")] == shown(built)


# a cut answer goes on


NUMBERED = "\n".join(f"{number} is a number, and so is {number}{number}." for number in range(700))


@pytest.mark.parametrize(("text", "words"), [("continue", ENGLISH), ("続き。", JAPANESE)])
def test_a_cut_answer_goes_on_where_it_stopped(built: House, text: str, words: Texts) -> None:
    """As often as it takes: the model gets all that it wrote, without our note, and is told to go on."""
    built.openai.switches.answer = NUMBERED
    asked = [talk(built, mention({"continue": "write numbers", "続き。": "数を書いて"}[text]))[0]]
    while "length" == answer_of(built, asked[-1])["finish"]:
        told = built.replies(asked[-1])[-1].blocks[0]["text"]
        asked.append(talk(built, text, asked[0].ts)[0])
        before = "".join(answer_of(built, each)["text"] for each in asked[:-1])
        seen = "".join(content for role, content in shown(built) if role == "assistant")

        assert told.endswith(words.cut)
        assert ("user", f"{text}\n\n{CONTINUE_INSTRUCTION}") == shown(built)[-1]
        assert letters(before) == letters(seen)

    assert len(asked) > 2
    assert letters(NUMBERED) == letters("".join(answer_of(built, each)["text"] for each in asked))


def letters(text: str) -> str:
    """A text without the blanks, which may be lost where it was cut."""
    return "".join(text.split())


def answer_of(built: House, question: Message) -> dict[str, Any]:
    """The recorded answer."""
    return [fact for fact in built.spool.peek("done", key_of(question)) if fact.get("fact") == "answer"][-1]


def test_there_is_nothing_to_go_on_with(built: House) -> None:
    """Then it is a question like any other."""
    talk(built, mention("continue"))

    assert [("user", "continue")] == shown(built)


# who answers


@pytest.mark.parametrize("text", ["deep: why?", "DEEP： why?", "ｄｅｅｐ:why?"])
def test_a_word_asks_for_another_model(built: House, text: str) -> None:
    """For this question alone, and is not part of it; a colon elsewhere is none of ours."""
    change(built, "[models]\ndeep = gpt-6.1-sol")
    first, _ = talk(built, mention(text))
    asked = model(built), shown(built)
    talk(built, "note: thanks", first.ts)

    assert ("gpt-6.1-sol", [("user", "why?")]) == asked
    assert ("gpt-6-luna", ("user", "note: thanks")) == (model(built), shown(built)[-1])


def test_a_channel_has_a_persona_and_a_model_of_its_own(built: House) -> None:
    """From the next question on, without a restart; other channels keep theirs."""
    talk(built, mention("who are you?"))
    ours = instructions(built)
    (built.var / "pirate.txt").write_text("You are a pirate.", encoding="utf-8")
    change(built, "[channel C0PRACTICE]\ninstructions = pirate.txt\nmodel = gpt-6-sol")
    talk(built, mention("who are you?"))
    changed = instructions(built), model(built)
    talk(built, "who are you?", channel="D0PRACTICE")

    assert ("You are a pirate.", "gpt-6-sol") == changed
    assert (ours, "gpt-6-luna") == (instructions(built), model(built))
    put(built.var / "pirate.txt", "You are a parrot.")
    talk(built, mention("who are you?"))
    assert "You are a parrot." == instructions(built)


@pytest.mark.parametrize(
    "broken",
    [
        "[channel C0PRACTICE]\ninstructions = nowhere.txt",
        "[channel C0PRACTICE]\npersona = pirate.txt",
        "[channel practice]\nmodel = gpt-6-sol",
        "[models]\ndeep",
        "[nonsense",
    ],
)
def test_a_change_that_does_not_hold_leaves_all_as_it_was(built: House, broken: str) -> None:
    """Said once in the log; and mended, it holds."""
    settings = built.var / "cocoai.ini"
    change(built, "[answer]\ninstructions = pirate.txt")
    put(built.var / "pirate.txt", "You are a pirate.")
    talk(built, mention("who are you?"))
    good = settings.read_text(encoding="utf-8")
    logged = built.log().count("personas outcome=not-changed")
    put(settings, good.replace("[answer]\ninstructions = pirate.txt\n", f"{broken}\n"))
    for _ in range(2):
        talk(built, mention("who are you?"))

        assert "You are a pirate." == instructions(built)
    assert logged + 1 == built.log().count("personas outcome=not-changed")
    put(settings, good.replace("pirate.txt", "parrot.txt"))
    put(built.var / "parrot.txt", "You are a parrot.")
    talk(built, mention("who are you?"))
    assert "You are a parrot." == instructions(built)


# threads as people make them


def test_several_people_are_told_apart_by_name(built: House) -> None:
    """As soon as there are several; who is alone is not named."""
    first, _ = talk(built, mention("my cat is grey"))
    alone = shown(built)
    talk(built, "私の猫は白い", first.ts, user=THIRD)
    talk(built, mention("and <@U0ASKER04>'s?"), first.ts, user=SECOND)

    assert [("user", "my cat is grey")] == alone
    assert [
        ("user", "Asker: my cat is grey"),
        ("assistant", "So you say: my cat is grey"),
        ("user", "質問者: 私の猫は白い"),
        ("assistant", "So you say: 質問者: 私の猫は白い"),
        ("user", "Second asker: and @質問者's?"),
    ] == shown(built)


def test_a_mention_in_other_peoples_thread_sees_that_thread(built: House) -> None:
    """What was said there before anybody asked; and from there on it is ours too."""
    first = built.slack.say(SECOND, "lunch at noon?")
    second = built.slack.say(THIRD, "noon is fine", thread_ts=first.ts)
    built.slack.wait_for_deliveries()
    question, _ = talk(built, mention("when is lunch?"), first.ts)
    follow_up, _ = talk(built, "and where?", first.ts, user=SECOND)

    assert is_ignored(built, first)
    assert is_ignored(built, second)
    assert [
        ("user", "Second asker: lunch at noon?\n質問者: noon is fine\nAsker: when is lunch?"),
        ("assistant", "So you say: Asker: when is lunch?"),
        ("user", "Second asker: and where?"),
    ] == shown(built)
    assert ["mention", "follow_up"] == [kept_kind(built, each.ts) for each in (question, follow_up)]


def test_what_was_edited_counts_as_it_stands_and_what_was_deleted_is_gone(built: House) -> None:
    """Neither is a question of its own; our answer to what is gone stays, for it was not taken back."""
    first, _ = talk(built, mention("my cat is gray"))
    second, _ = talk(built, "my password is 1234", first.ts)
    built.slack.edit(first.channel, first.ts, mention("my cat is grey"))
    built.slack.delete(second.channel, second.ts)
    built.slack.delete(second.channel, built.replies(second)[0].ts)
    number = len(built.openai.requests)
    built.slack.wait_for_deliveries()
    talk(built, "which colour?", first.ts)

    assert [
        ("user", "my cat is grey"),
        ("assistant", "So you say: my cat is gray"),
        ("user", "which colour?"),
    ] == shown(built)
    assert number + 1 == len(built.openai.requests)


def test_another_bot_is_seen_and_never_answered(built: House) -> None:
    """Not even where it mentions us: two bots would go on for ever."""
    first, _ = talk(built, mention("is the build green?"))
    robot = built.slack.say(ROBOT.id, mention("the build is red"), thread_ts=first.ts)
    talk(built, "and now?", first.ts)

    assert is_ignored(built, robot)
    assert [("user", "Robot: the build is red"), ("user", "Asker: and now?")] == shown(built)[-2:]


def test_in_direct_messages_all_is_a_question(built: House) -> None:
    """Mention or not, one after another, each in a thread of its own."""
    first, told = talk(built, "hello", channel="D0PRACTICE")
    follow_up, _ = talk(built, "and <@U0ASKER02>?", first.ts, channel="D0PRACTICE")
    talk(built, mention("a new one"), channel="D0PRACTICE")

    assert "So you say: hello" == told
    assert "direct" == kept_kind(built, follow_up.ts)
    assert [("user", "a new one")] == shown(built)


@pytest.mark.parametrize("text", ["<@U0ASKER02> what do you think?", "<!subteam^S0GROUP01|@team> look at this"])
def test_a_follow_up_to_somebody_else_is_left_alone(built: House, text: str) -> None:
    """One person or a group; but whoever asks next is answered with it in view."""
    first, _ = talk(built, mention("hello"))
    aside = built.slack.say(ASKER, text, thread_ts=first.ts)
    talk(built, "and you?", first.ts)

    assert is_ignored(built, aside)
    assert shown(built)[-2][1].endswith(text.partition("> ")[2])
    both = built.slack.say(ASKER, mention(text), thread_ts=first.ts)
    ended(built, both)


@pytest.fixture(scope="module")
def reserved(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """A house that answers mentions alone, in English, with a text of the operator's own."""
    settings: dict[str, Any] = {"COCOAI_SLACK_FOLLOW_UPS": "mention", "COCOAI_SLACK_DIRECT_MESSAGES": "off"}
    settings |= {"COCOAI_ANSWER_LANGUAGE": "en", "COCOAI_WORDS_EN_HELP": "Ask the office."}
    with house(tmp_path_factory.mktemp("house"), certificates, **settings) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


def test_where_a_mention_is_wanted_a_follow_up_is_none(reserved: House) -> None:
    """Nor is a direct message; but a mention in the thread sees what was said meanwhile."""
    first, _ = talk(reserved, mention("one"))
    aside = reserved.slack.say(ASKER, "two", thread_ts=first.ts)
    direct = reserved.slack.say(ASKER, "hello", channel="D0PRACTICE")
    talk(reserved, mention("three"), first.ts)

    assert is_ignored(reserved, aside)
    assert is_ignored(reserved, direct)
    assert [("user", "two"), ("user", "three")] == shown(reserved)[-2:]


@pytest.mark.parametrize("text", ["ヘルプ", "help"])
def test_the_language_and_the_words_are_the_operators(reserved: House, text: str) -> None:
    """Whatever the asker's language."""
    more = ENGLISH.more

    assert "\n".join(["Ask the office.", more["files"], more["buttons"]]) == talk(reserved, mention(text))[1]


@pytest.mark.parametrize("fault", ["empty", "refusal", "no credit"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_asker_reads_his_own_language(built: House, language: str, fault: Any) -> None:
    """Of what went wrong, nothing but what to do about it."""
    words = LANGUAGES[language]
    expected = {"empty": words.empty, "refusal": words.refused, "no credit": words.error_text("operator")}
    built.openai.fail(fault)

    _, told = talk(built, mention({"en": "why?", "ja": "なぜ？"}[language]))

    assert expected[fault] == told
