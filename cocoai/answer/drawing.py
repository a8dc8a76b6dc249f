"""Drawing: have a picture drawn that somebody asks for, bring it into the thread, and say what was drawn.

Each step leaves a fact in the job before the next one is taken, so that a second run goes on from there:

    drawing     the asker's words; from here on the job may have files (spool/files.py)
    worded      what the chat model has made of the thread, where the asker refers to that; paid
    asked       a picture is about to be drawn; held in the ledger
    picture     it lies in the job's files, with its bill; from here on nothing is paid again
    uploaded    Slack is asked to show it (slack/api/thread_upload.py)
    shared      it stands in the thread
    answer      the words of the reply, which takes the placeholder's place
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from cocoai.answer.attempt import Attempt
from cocoai.answer.model_call import PICTURE, STOPPED
from cocoai.answer.options import AnswerOptions, ImageOptions
from cocoai.answer.paid_picture import PaidPicture
from cocoai.answer.paid_requests import Books
from cocoai.answer.picture_words import PictureWords, drawn_text, one_line
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.reply import Reply
from cocoai.answer.sent_pictures import fetch_pictures, newest_picture, own_pictures
from cocoai.answer.stops import StopRequests
from cocoai.answer.thread_file import bring_into_thread, file_name, stands_in_thread
from cocoai.chatgpt.one_response import WaitStopped
from cocoai.chatgpt.picture_form import PictureOrder, SentPicture
from cocoai.chatgpt.pictures import ChatGPTPictures, DrawnPicture
from cocoai.errors import CocoAIError, Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import OutgoingFile
from cocoai.slack.model.files import File
from cocoai.spool.files import DRAWING, FileTooBig, NewFile
from cocoai.spool.job import Fact
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts.picture_requests import PictureRequest

LARGEST = 24 * 1024 * 1024
"""Bytes of a picture: a PNG of 3840x2160 pixels has fewer."""

ENDINGS = ("jpeg", "png", "webp", "gif")

_FOR_THE_ASKER = {"refused": "picture_refused", "bad_picture": "picture_none"}
"""Our code for what the asker can do something about, by OpenAI's side's."""

TITLE = 80
"""Characters of the prompt that are a file's title in Slack."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drawing:
    """What one process needs to draw. `draw` makes the connection to the models; `words` are the chat model's."""

    spool: Spool
    options: AnswerOptions
    slack: SlackChat
    books: Books
    prompts: PromptBuilder
    stops: StopRequests
    words: PictureWords
    draw: Callable[[], ChatGPTPictures]
    sleep: Callable[[float], None] = time.sleep

    def answer(self, attempt: Attempt, reply: Reply, request: PictureRequest) -> Fact:
        """Draw what is requested and bring it into the thread, as far as that has not been done. Return the `answer`.

        It has the words of the reply, and PICTURE as `finish`, or STOPPED if somebody did not want to wait. Raise
        `Temporary` or `Permanent` if Slack or OpenAI fails, or if nothing may be paid, and StoreError.
        """
        picture = self._known(attempt, request)
        if picture is None:
            picture = self._drawn(attempt, reply, request)
        if picture is None:
            return self._record(attempt, "", "", STOPPED, None)
        self._bring(attempt, picture)
        text, bill = drawn_text(picture, attempt.texts), _whole_bill(attempt, picture)
        return self._record(attempt, text, picture["model"], PICTURE, bill)

    def _record(self, attempt: Attempt, text: str, model: str, finish: str, bill: Fact | None) -> Fact:
        # No `call`: the picture's own fact has that.
        answer: Fact = {"text": text, "model": model, "finish": finish, "refusal": False, "left_out": []}
        answer |= {"call": None, "bill": bill}
        attempt.record("answer", **answer)
        return answer

    def _known(self, attempt: Attempt, request: PictureRequest) -> Fact | None:
        """Return the picture that an earlier run has drawn; None if there is none, or its file is gone."""
        job = attempt.job
        picture = job.last("picture")
        if stands_in_thread(self.slack, attempt):
            # Without a fact it was drawn after the backup that this machine comes from.
            return picture or self._recovered(attempt, request, "")
        if picture is not None:
            return picture if self.spool.files.path(job.key, picture["file"]) else None
        for ending in ENDINGS if job.last("asked") else ():
            # It was drawn, and its process was killed before it could say so: its hold counts as lost.
            if self.spool.files.path(job.key, f"picture.{ending}"):
                return self._recovered(attempt, request, f"picture.{ending}")
        return None

    def _recovered(self, attempt: Attempt, request: PictureRequest, name: str) -> Fact:
        """Record a whole picture of which only the file was left, here or, for no name, in Slack."""
        asked, images = attempt.job.last("asked") or {"n": 0}, self._images
        worded = attempt.job.last("worded") or {}
        picture: Fact = {"file": name, "text": worded.get("text") or request.prompt}
        picture |= {"model": images.model, "usage": None, "n": asked["n"], "call": None, "bill": None}
        attempt.record("picture", **picture)
        return picture

    def _drawn(self, attempt: Attempt, reply: Reply, request: PictureRequest) -> Fact | None:
        """Have the picture drawn, keep it in the job's files and record it; None if somebody did not want to wait."""
        if self.stops.is_stopped(attempt):
            return None
        job = attempt.job
        if job.last(DRAWING) is None:
            job.record(DRAWING, text=request.prompt, is_redraw=request.is_redraw, refers=request.refers)
        reply.show_wait(attempt.texts.pictures["drawing"])
        # Where Slack takes no file of ours, nothing is paid. It discards an upload whose last step was not asked for.
        self.slack.uploads.begin(file_name(attempt.question, "jpeg"), 1)
        sent = self._sent(attempt, request)
        prompt = self.words.of(attempt, request)
        images = self._images
        order = PictureOrder(images.model, prompt, images.size, images.quality, images.form, sent)
        paid = PaidPicture(attempt, self.books, order, images.per_person_a_day)
        with self.spool.files.new(job.key, LARGEST) as file:
            drawn = self._asked(attempt, order, file, paid)
            return self._kept(attempt, order, drawn, file, paid) if drawn else None

    @property
    def _images(self) -> ImageOptions:
        if self.options.images is None:
            raise Permanent("images_off")  # it was on when the picture was begun
        return self.options.images

    def _sent(self, attempt: Attempt, request: PictureRequest) -> tuple[SentPicture, ...]:
        """Return the pictures that the new one is made from, once they lie on our disk.

        Raise `Permanent` `picture_none` if one is to be drawn anew and there is none.
        """
        if self.options.attachments.question_bytes <= 0:
            files: tuple[File, ...] = ()
        elif not (files := own_pictures(self.prompts.files(attempt))) and request.is_redraw:
            files = newest_picture(self.prompts.earlier_messages(attempt))
        if not files and request.is_redraw:
            raise Permanent("picture_none")
        return tuple(fetch_pictures(self.spool, self.slack, attempt, files))

    def _asked(self, attempt: Attempt, order: PictureOrder, file: NewFile, paid: PaidPicture) -> DrawnPicture | None:
        """Have the picture drawn into `file`; None if somebody did not want to wait. Whatever fails is settled."""
        is_stopped = partial(self.stops.is_stopped, attempt, is_interrupted=True)
        try:
            return self.draw().draw(order, file.write, paid, wakeup=self.stops.fd, is_stopped=is_stopped)
        except WaitStopped:
            paid.settle_as_lost()
            return None
        except FileTooBig:
            paid.settle_as_lost()
            raise Permanent("picture_broken", source="OpenAI", their_code="too_big", sent=True) from None
        except StoreError:
            paid.settle_as_lost()
            raise
        except CocoAIError as error:
            paid.fail(error)
            error.code = _FOR_THE_ASKER.get(error.code, error.code)
            raise

    def _kept(
        self, attempt: Attempt, order: PictureOrder, drawn: DrawnPicture, file: NewFile, paid: PaidPicture
    ) -> Fact:
        """Keep the picture, record it with its bill, and settle it. Raise `Permanent` if it is none, or StoreError."""
        bill = paid.bill(drawn)
        if not drawn.media_type:
            paid.settle(bill)
            raise Permanent("picture_broken", source="OpenAI", their_code="not_a_picture", sent=True)
        name = f"picture.{drawn.media_type.partition('/')[2]}"
        try:
            file.keep(name)
        except StoreError:
            paid.settle(bill)
            raise
        usage = drawn.usage and vars(drawn.usage)
        picture: dict[str, Any] = {"file": name, "size": drawn.size, "text": order.prompt, "model": order.model}
        picture |= {"usage": usage, "n": paid.n, "call": paid.number, "bill": bill.as_fact()}
        attempt.record("picture", **picture)
        paid.settle(bill)
        log.info("answer key=%s outcome=drawn bytes=%d", attempt.job.key, drawn.size)
        return picture

    def _bring(self, attempt: Attempt, picture: Fact) -> None:
        """Bring the picture into the thread, unless it stands there. Raise `Permanent` `not_shared`."""
        ending = picture["file"].rpartition(".")[2]
        title = one_line(picture["text"])
        path = self.spool.files.path(attempt.job.key, picture["file"])
        file = OutgoingFile(path, file_name(attempt.question, ending), title[:TITLE], title)
        bring_into_thread(self.slack, attempt, file, self.sleep)


def _whole_bill(attempt: Attempt, picture: Fact) -> Fact | None:
    """Return a picture's bill with the cost of its wording added; None if what it cost is not known."""
    bill: Fact | None = picture["bill"]
    worded = (attempt.job.last("worded") or {}).get("bill")
    return {**bill, "spent": bill["spent"] + worded["spent"]} if bill and worded else bill
