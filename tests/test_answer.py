"""From a claimed job to its end, between a real practice Slack and OpenAI: what each sees, and what is recorded."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer import Answerer
from cocoai.answer.attempt import MESSAGE_DELAY, Attempt
from cocoai.answer.failures import MAX_ATTEMPTS
from cocoai.answer.prompt import CONTINUE_INSTRUCTION
from cocoai.answer.reply import Reply
from cocoai.answer.retry import DELAYS
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.messages import MessageMetadata
from cocoai.slack.model.question import Question
from cocoai.spool.disk import Disk
from cocoai.spool.job import Fact, Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.house import payload
from tests.options import FixedIdentity, FixedPersonas, options


class FickleDisk(Disk):
    """A disk that is full for appends whose bytes hold `refuses`."""

    refuses: bytes = b""

    def append(self, fd: int, data: bytes) -> None:
        if self.refuses and self.refuses in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(fd, data)


class Desk:
    """An Answerer between the two practice servers, with a clock that can be turned."""

    def __init__(self, var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        self.slack = slack
        self.openai = openai
        self.disk = FickleDisk()
        self.ahead = 0.0
        self.spool = Spool(str(var), clock=self.clock, files=self.disk)
        self.spool.make_folders()
        self._context = tls_context(str(certificates.ca_file))
        self.var = var
        self.words: Texts = ENGLISH
        self.changes: dict[str, Any] = {}
        """Of the manner."""

    def clock(self) -> float:
        return time.time() + self.ahead

    def outside(self) -> tuple[SlackChat, ChatGPTChat]:
        """Fresh connections, as a fresh process has."""
        slack = SlackChat(new_client(self._context), api_url=self.slack.api_url, token=TOKEN, patience=3.0)
        chatgpt = ChatGPTChat(
            new_client(self._context),
            base_url=self.openai.base_url,
            api_key=API_KEY,
            model="gpt-6-luna",
            max_output_tokens=8000,
            reasoning_effort="low",
            connect_timeout=5,
            first_word_timeout=20,
            silence_timeout=10,
            total_timeout=40,
        )
        return slack, chatgpt

    def answerer(self, kind: type[Answerer] = Answerer) -> Answerer:
        """A fresh process's answerer."""
        slack, chatgpt = self.outside()
        return kind(
            self.spool,
            options(self.words, **self.changes),
            slack,
            chatgpt,
            identity=FixedIdentity(),
            folder=str(self.var),
            clock=self.clock,
        )

    def ask(self, text: str = "hello?", thread_ts: str | None = None) -> Message:
        """A person asks; the question is put."""
        message = self.slack.say("U0ASKER01", f"<@U0COCOAI> {text}", thread_ts=thread_ts)
        question = Question(
            "mention", message.channel, thread_ts or message.ts, message.ts, message.user, "T0", message.text, "Ev", 0
        )
        assert self.spool.put(Key.parse(question.key), question.facts())
        return message

    def run(self) -> None:
        """One process claims one job and sees to it."""
        job = self.claim()
        self.answerer().answer(job)
        job.release()

    def claim(self) -> Job:
        job = self.spool.claim()
        assert job is not None
        return job

    def wait(self) -> None:
        """Time passes: whatever is to be tried again is due."""
        self.ahead += 301

    def replies(self, to: Message) -> list[Message]:
        return list(self.slack.thread(to.channel, to.thread_ts or to.ts)[1:])

    def reply(self, to: Message) -> tuple[str, str]:
        """The kind and the text of the only reply."""
        (message,) = self.replies(to)
        return str(payload(message)["kind"]), message.text

    def called(self, method: str) -> int:
        return sum(1 for call in self.slack.calls if call.method == method and call.outcome == "ok")

    def ended(self) -> tuple[int, int, int]:
        """How many jobs are in ready, done, failed."""
        ready, done, failed = (len(self.spool.keys(folder)) for folder in ("ready", "done", "failed"))
        return ready, done, failed

    def facts(self, folder: str, name: str) -> list[Fact]:
        """All facts of this name in the only job of that folder."""
        (key,) = self.spool.keys(folder)
        return [line for line in self.spool.peek(folder, key) if line.get("fact") == name]


@pytest.fixture
def desk(tmp_path: Path, certificates: Certificates) -> Iterator[Desk]:
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield Desk(tmp_path, certificates, slack, openai)


def test_the_placeholder_becomes_the_answer(desk: Desk) -> None:
    """One message, posted once, then only changed; the whole is recorded, paid once."""
    question = desk.ask()

    desk.run()

    kind, text = desk.reply(question)
    assert "answer" == kind
    assert text
    assert 1 == desk.called("chat.postMessage")
    assert 1 == len(desk.openai.requests)
    assert (0, 1, 0) == desk.ended()
    (answer,) = desk.facts("done", "answer")
    assert "stop" == answer["finish"]
    assert answer["usage"]


def test_the_reply_grows_while_it_is_written(desk: Desk) -> None:
    """Each update shows more than the one before; as long as it grows, a mark says so."""
    desk.openai.switches.answer = "word " * 40
    desk.openai.switches.piece_delay = 0.1
    question = desk.ask()

    desk.run()

    *growing, last = [call.arguments["text"] for call in desk.slack.calls if call.method == "chat.update"]
    assert len(growing) > 3
    assert growing == sorted(growing, key=len)
    assert [True] * len(growing) == [text.endswith(ENGLISH.writing) for text in growing]
    assert ENGLISH.writing not in last
    assert ("answer", ("word " * 40).strip()) == desk.reply(question)


def test_a_busy_slack_is_skipped_while_growing_but_not_at_the_end(desk: Desk) -> None:
    """Growing updates are not queued; the last one is waited for."""
    desk.openai.switches.answer = "word " * 20
    desk.openai.switches.piece_delay = 0.02
    desk.slack.fail("chat.update", Fault("limited", seconds=1), times=2)
    question = desk.ask()

    desk.run()

    assert ("answer", ("word " * 20).strip()) == desk.reply(question)
    assert (0, 1, 0) == desk.ended()


def test_a_recorded_answer_is_never_paid_again(desk: Desk) -> None:
    """Slack goes away just before the delivery: the next attempt delivers what was written."""
    desk.openai.switches.answer = "Once."
    desk.slack.fail("chat.update", Fault("broken"), times=50)
    question = desk.ask()
    desk.run()
    after_first = desk.ended()
    desk.slack.clear_faults()
    desk.wait()

    desk.run()

    assert (1, 0, 0) == after_first
    assert ("answer", "Once.") == desk.reply(question)
    assert 1 == len(desk.openai.requests)


def test_a_placeholder_posted_by_a_process_that_died_is_found(desk: Desk) -> None:
    """It was posted, but not recorded: the second attempt finds it by its metadata and posts none."""
    question = desk.ask()
    job = desk.claim()
    desk.disk.refuses = b'"placeholder"'
    desk.openai.fail("server error")
    desk.answerer().answer(job)  # posted, not recorded, then postponed: as good as dead
    job.release()
    desk.disk.refuses = b""
    desk.wait()

    desk.run()

    assert 1 == desk.called("chat.postMessage")
    assert "answer" == desk.reply(question)[0]


def test_a_post_that_arrived_though_its_reply_was_lost_is_not_repeated(desk: Desk) -> None:
    """Nobody knows whether it arrived; the thread does."""
    desk.slack.fail("chat.postMessage", Fault("reply lost"))
    question = desk.ask()
    desk.run()
    desk.wait()

    desk.run()

    assert 1 == len(desk.replies(question))
    assert "answer" == desk.reply(question)[0]


def test_what_a_killed_process_sent_may_arrive_late(desk: Desk) -> None:
    """It died with its placeholder on the way to Slack: whoever comes next waits for it, and posts none."""
    question = desk.ask()
    killed = desk.claim()
    killed.release()
    mark = MessageMetadata(str(killed.key), "placeholder")
    on_its_way = threading.Timer(
        MESSAGE_DELAY / 4, lambda: desk.outside()[0].post(question.channel, "...", killed.key.thread_ts, mark)
    )
    on_its_way.start()

    desk.run()
    on_its_way.join()

    assert "answer" == desk.reply(question)[0]
    assert 1 == desk.called("chat.postMessage")


def test_what_another_cocoai_has_posted_is_not_taken_for_ours(desk: Desk) -> None:
    """A QA copy in the same thread, mentioned along with us, has answered already: we do too, though we were killed."""
    question = desk.ask()
    killed = desk.claim()
    killed.release()
    mark = MessageMetadata(str(killed.key), "answer")
    metadata = {"event_type": "cocoai", "event_payload": mark.payload()}
    desk.slack.workspace.post(question.channel, "U0OTHER01", "Theirs.", thread_ts=question.ts, metadata=metadata)

    desk.run()

    assert ["U0OTHER01", "U0COCOAI"] == [message.user for message in desk.replies(question)]


def test_the_first_attempt_never_searches(desk: Desk) -> None:
    """It cannot have posted before: the thread is read once, for the model; one that the question opens, not at all."""
    question = desk.ask()
    desk.run()
    of_a_new_thread = desk.called("conversations.replies")

    desk.ask(thread_ts=question.ts)
    desk.run()

    assert (0, 1) == (of_a_new_thread, desk.called("conversations.replies"))


def test_an_usher_welcomes_and_the_answer_takes_its_place(desk: Desk) -> None:
    """The placeholder is the usher's, the answer a job process's."""
    question = desk.ask()
    for job in desk.spool.each_without("placeholder"):
        desk.answerer().post_placeholder(job)
    welcomed = desk.reply(question)

    desk.run()

    assert ("placeholder", ENGLISH.placeholder) == welcomed
    assert "answer" == desk.reply(question)[0]
    assert 1 == desk.called("chat.postMessage")


def test_a_long_answer_goes_on_in_parts_each_once(desk: Desk) -> None:
    """Also when Slack goes away between two of them: nothing is missing, nothing is doubled."""
    paragraphs = [f"Paragraph {n}: " + "text " * 150 for n in range(20)]
    desk.openai.switches.answer = "\n\n".join(paragraphs)
    question = desk.ask()
    for _ in range(3):
        # Of the placeholder, then of the second part, then of the third.
        desk.slack.fail("chat.postMessage", Fault("reply lost"))
        desk.run()
        desk.wait()

    desk.run()

    replies = desk.replies(question)
    whole = " ".join(message.text for message in replies)
    assert (0, 1, 0) == desk.ended()
    assert 7 == len(replies)
    assert [1, *range(2, len(replies) + 1)] == [payload(message)["n"] for message in replies]
    assert [1] * 20 == [whole.count(f"Paragraph {n}: ") for n in range(20)]
    assert 1 == len(desk.openai.requests)


@pytest.mark.parametrize("formats", [("mrkdwn", "markdown"), ("markdown", "mrkdwn")])
def test_an_answer_that_is_cut_otherwise_at_the_next_attempt_is_whole(desk: Desk, formats: tuple[str, str]) -> None:
    """The settings changed, or CocoAI itself, while Slack was away: what stands already is changed too."""
    desk.openai.switches.answer = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(40))
    question = desk.ask()
    before, after = map(Layout, formats)
    desk.changes["layout"] = before
    desk.slack.fail("chat.postMessage", Fault("slow"), times=2)  # the placeholder, and the second part
    desk.slack.fail("chat.postMessage", Fault("broken"))
    desk.run()
    desk.changes["layout"] = after
    desk.wait()

    desk.run()

    whole = " ".join(message.text for message in desk.outside()[0].thread(question.channel, question.ts)[1:])
    assert [1] * 40 == [whole.count(f"Paragraph {n}: ") for n in range(40)]
    assert (0, 1, 0) == desk.ended()


def test_a_part_too_many_is_taken_away(desk: Desk) -> None:
    """Cut into fewer parts than stand already, the answer is there once."""
    desk.openai.switches.answer = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(10))
    question = desk.ask()
    desk.slack.fail("chat.postMessage", Fault("slow"), times=2)
    desk.slack.fail("chat.postMessage", Fault("broken"))
    desk.run()
    desk.changes["layout"] = Layout("markdown")
    desk.wait()

    desk.run()

    assert ["answer"] == [payload(message)["kind"] for message in desk.replies(question)]


def test_an_answer_of_nothing_that_can_be_seen_is_as_good_as_none(desk: Desk) -> None:
    """The asker reads why there is nothing."""
    desk.openai.switches.answer = "\x00\x07"
    question = desk.ask()

    desk.run()

    assert ("answer", ENGLISH.empty) == desk.reply(question)


def test_an_answer_that_an_earlier_version_recorded_is_delivered_as_it_is(desk: Desk) -> None:
    """It has its note already; of the question what was not known then is not missed."""
    asked = desk.slack.say("U0ASKER01", "<@U0COCOAI> hello?")
    old: dict[str, Any] = {
        "kind": "mention",
        "channel": asked.channel,
        "thread_ts": asked.ts,
        "ts": asked.ts,
        "user": asked.user,
    }
    old |= {"team": "T0", "text": asked.text, "event_id": "Ev", "event_time": 0}
    assert desk.spool.put(Key(asked.channel, asked.ts, asked.ts), old)
    job = desk.claim()
    job.record("answer", text="Half.\n\n(Cut here.)", model="gpt-6-luna", finish="length", usage=None)
    job.release()

    desk.run()

    assert ("answer", "Half.\n\n(Cut here.)") == desk.reply(asked)
    assert [] == list(desk.openai.requests)


def test_a_text_that_slack_finds_too_long_is_cut_shorter(desk: Desk) -> None:
    """It may count otherwise than we do; what was paid for is read all the same."""
    desk.openai.switches.answer = "text " * 1500
    desk.changes["layout"] = Layout("markdown")
    desk.changes["update_interval"] = 60
    question = desk.ask()
    desk.slack.fail("chat.update", Fault("refused", code="msg_too_long"))

    desk.run()

    replies = desk.replies(question)
    assert 1500 == sum(message.text.count("text") for message in replies)
    assert len(replies) > 1


def test_a_deleted_placeholder_is_replaced(desk: Desk) -> None:
    """Somebody took it away while the model was writing: the answer is posted anew."""
    question = desk.ask()
    for job in desk.spool.each_without("placeholder"):
        desk.answerer().post_placeholder(job)
    (placeholder,) = desk.replies(question)
    desk.slack.delete(placeholder.channel, placeholder.ts)

    desk.run()

    assert "answer" == desk.reply(question)[0]


def test_the_second_question_sees_the_first_exchange(desk: Desk) -> None:
    """What the model was sent: instructions, question, answer, question."""
    desk.openai.switches.answer = "Tea."
    first = desk.ask("coffee or tea?")
    desk.run()

    desk.ask("why?", thread_ts=first.ts)
    desk.run()

    sent = [(message["role"], message["content"]) for message in desk.openai.requests[-1].body["messages"]]
    assert [
        ("system", "Be kind."),
        ("user", "coffee or tea?"),
        ("assistant", "Tea."),
        ("user", "why?"),
    ] == sent


def test_a_word_for_another_model_is_found_behind_a_name_and_taken_off(desk: Desk) -> None:
    """Of several people each has his name before his words; whoever he mentions there is called by name too."""
    desk.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})
    opening = desk.slack.say("U0ASKER02", "good morning")
    desk.ask("deep: is <@U0ASKER02> right?", thread_ts=opening.ts)
    desk.run()

    (asked,) = desk.openai.requests
    assert "gpt-6.1-sol" == asked.body["model"]
    said = asked.body["messages"][-1]["content"]
    assert "deep" not in said
    assert 1 == said.count("right?")
    assert "U0ASKER" not in said


def test_who_is_called_as_such_a_word_does_not_ask_for_the_other_model(desk: Desk) -> None:
    """Of several people each has his name before his words: there it is no word of his, here it is."""
    desk.changes["personas"] = FixedPersonas(prefixes={"asker": "gpt-6.1-sol"})
    opening = desk.slack.say("U0ASKER02", "good morning")
    for text in ("how are you?", "asker: how are you?"):
        desk.ask(text, thread_ts=opening.ts)
        desk.run()

    assert ["gpt-6-luna", "gpt-6.1-sol"] == [asked.body["model"] for asked in desk.openai.requests]
    last = [asked.body["messages"][-1]["content"].rpartition("\n")[2] for asked in desk.openai.requests]
    assert ["Asker: how are you?"] * 2 == last


def test_an_edited_word_for_another_model_counts(desk: Desk) -> None:
    """As all that is asked it counts as it stands when it is answered."""
    desk.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})
    opening = desk.ask()
    desk.run()
    question = desk.ask("why?", thread_ts=opening.ts)
    desk.slack.edit(question.channel, question.ts, "<@U0COCOAI> deep: why?")

    desk.run()

    assert "gpt-6.1-sol" == desk.openai.requests[-1].body["model"]
    assert "why?" == desk.openai.requests[-1].body["messages"][-1]["content"]


def test_continue_in_other_peoples_talk_is_a_question(desk: Desk) -> None:
    """There is no answer of ours that could go on, whatever others have said."""
    opening = desk.slack.say("U0ASKER02", "one, two, three")
    desk.ask("continue", thread_ts=opening.ts)

    desk.run()

    (asked,) = desk.openai.requests
    assert CONTINUE_INSTRUCTION not in asked.body["messages"][-1]["content"]


def test_a_mention_with_nothing_else_gets_help_without_the_model(desk: Desk) -> None:
    """And costs nothing."""
    question = desk.ask("")

    desk.run()

    assert ("note", ENGLISH.help_text({}, files=True, buttons=False)) == desk.reply(question)
    assert [] == list(desk.openai.requests)
    assert (0, 1, 0) == desk.ended()


# what the asker reads when it cannot be answered


@pytest.mark.parametrize("words", [ENGLISH, JAPANESE])
def test_openai_stays_busy(desk: Desk, words: Texts) -> None:
    """Tried again after 5, 30 and 120 s; then the asker is told, in plain words."""
    desk.words = words
    desk.openai.fail("overloaded", times=None)
    question = desk.ask()

    for _ in range(len(DELAYS) + 1):
        desk.run()
        desk.wait()

    waits = [fact["retry_at"] - fact["at"] for fact in desk.facts("failed", "retry")]
    assert pytest.approx(list(DELAYS), abs=1) == waits
    assert ("error", words.sorry["busy"]) == desk.reply(question)
    assert (0, 0, 1) == desk.ended()
    assert len(DELAYS) + 1 == len(desk.openai.requests)


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted"])
def test_what_the_operator_must_mend_is_not_tried_again(
    desk: Desk, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The asker reads that the operator must look; the log says what at, by code."""
    desk.openai.fail("no credit", times=None, code=code)
    question = desk.ask()

    desk.run()

    assert ("error", ENGLISH.sorry["operator"]) == desk.reply(question)
    assert (0, 0, 1) == desk.ended()
    assert 1 == len(desk.openai.requests)
    assert code in caplog.text


def test_an_empty_answer_and_a_refusal_have_sentences_of_their_own(desk: Desk) -> None:
    """Silence is no answer."""
    desk.openai.fail("empty")
    thinking = desk.ask("think")
    desk.run()
    desk.openai.fail("refusal")
    refused = desk.ask("refuse")
    desk.run()

    assert ENGLISH.empty == desk.reply(thinking)[1]
    assert desk.reply(refused)[1]
    assert (0, 2, 0) == desk.ended()


def test_a_silence_after_the_request_was_sent_is_tried_again_once_only(desk: Desk) -> None:
    """It may have been billed: it is paid twice at most."""
    desk.openai.fail("cut", after=1, times=None)
    question = desk.ask()

    desk.run()
    desk.wait()
    desk.run()

    assert "error" == desk.reply(question)[0]
    assert 2 == len(desk.openai.requests)
    assert (0, 0, 1) == desk.ended()


def test_a_question_that_kills_its_process_ends(desk: Desk) -> None:
    """After its attempts it is given up, told, and the model is not called again."""
    question = desk.ask()
    for _ in range(MAX_ATTEMPTS):
        desk.claim().release()

    desk.run()

    assert ("error", ENGLISH.sorry["attempts"]) == desk.reply(question)
    assert [] == list(desk.openai.requests)


def test_slacks_absence_counts_for_nothing(desk: Desk) -> None:
    """However often: the answer arrives in the end, paid once."""
    desk.slack.fail("*", Fault("broken"), times=30)
    question = desk.ask()
    for _ in range(20):
        desk.run()
        desk.wait()
    desk.slack.clear_faults()

    desk.run()

    assert "answer" == desk.reply(question)[0]
    assert 1 == len(desk.openai.requests)


def test_slack_away_for_a_day_is_given_up(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Then the job lies in failed/, and the log has it."""
    desk.slack.fail("*", Fault("broken"), times=1000)
    desk.ask()
    ended = []
    for tries in (24 * 12 - 2, 4):
        job = desk.claim()
        for _ in range(tries):
            job.record("retry", retry_at=desk.clock() + 300, free=True, sent=False)
        job.release()
        desk.wait()
        desk.run()
        ended.append(desk.ended())
        desk.wait()

    assert [(1, 0, 0), (0, 0, 1)] == ended
    assert "outcome=failed" in caplog.text


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "not_in_channel", "account_inactive"])
def test_a_slack_that_will_never_let_us_fails_the_job(desk: Desk, code: str, caplog: pytest.LogCaptureFixture) -> None:
    """No endless attempts; what the operator can mend is in the log."""
    desk.slack.fail("*", Fault("refused", code=code), times=1000)
    desk.ask()

    desk.run()

    assert (0, 0, 1) == desk.ended()
    assert code in caplog.text
    assert [] == list(desk.openai.requests)


def test_a_late_answer_says_so(desk: Desk) -> None:
    """The machine was down for two hours: the answer comes with an honest word."""
    question = desk.ask()
    desk.ahead = 7200

    desk.run()

    assert desk.reply(question)[1].startswith(ENGLISH.late)


def test_with_a_full_disk_no_new_message_is_posted_and_the_answer_still_arrives(desk: Desk) -> None:
    """Updates are harmless to repeat; further parts are not, and stay away."""
    desk.openai.switches.answer = "text " * 2000
    question = desk.ask()
    job = desk.claim()
    desk.disk.refuses = b'"fact"'

    desk.answerer().answer(job)

    replies = desk.replies(question)
    assert "answer" == payload(replies[0])["kind"]
    assert len(replies) <= 2
    assert (0, 1, 0) == desk.ended()


def test_a_bug_of_ours_is_tried_again_and_then_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The trace is in the log; the asker reads neither a trace nor blame for OpenAI."""
    question = desk.ask()

    class Broken(Answerer):
        def _ask(self, attempt: Attempt, reply: Reply, ts: str) -> Fact:
            raise ZeroDivisionError

    for _ in range(len(DELAYS) + 1):
        broken = desk.answerer(Broken)
        job = desk.claim()
        broken.answer(job)
        job.release()
        desk.wait()

    assert ("error", ENGLISH.sorry[""]) == desk.reply(question)
    assert "ZeroDivisionError" in caplog.text


def test_the_log_never_holds_what_was_said(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Keys, outcomes, milliseconds: not a word of the question or the answer, no token."""
    caplog.set_level("DEBUG")
    desk.openai.switches.answer = "a private answer"
    desk.ask("a private question")

    desk.run()

    assert "outcome=answered" in caplog.text
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("cocoai"))
    assert "private" not in ours
    assert TOKEN not in caplog.text
    assert API_KEY not in caplog.text
