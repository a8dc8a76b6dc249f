"""Hearing: find out what is said in the sounds of a question, by Slack's own words or by a model that is paid.

What a model has heard is recorded in the job before it is used, so that no sound is paid twice. A sound on its way to
the model lies in a file without a name, which is gone with its process. Loaded only when a question has a sound.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO

from cocoai.answer.attempt import Attempt
from cocoai.answer.heard import Heard, HeardSound, readable
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books, PaidCalls, paid_call
from cocoai.answer.recorded_sounds import recorded_sounds
from cocoai.answer.stops import StopRequests
from cocoai.chatgpt.one_response import WaitStopped
from cocoai.chatgpt.sound_format import HEAD, MOST_BYTES, ending_of
from cocoai.chatgpt.transcription import Hints, Sound, Transcriber, Transcription
from cocoai.errors import CocoAIError, Permanent
from cocoai.ledger.caps import OverAllowance
from cocoai.ledger.charge import Bill, PaidCall
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.clips import Clips
from cocoai.slack.api.download import LeftOut, log_left_out, may_lack_scope, why_of
from cocoai.slack.api.file_bytes import save
from cocoai.slack.api.file_reader import loggable_id
from cocoai.slack.model.files import SOUNDS, File
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import as_store_errors

LEAST_BIT_RATE = 16_000
"""Bits of a second of sound: of one whose length nobody tells, the length is bounded by its size at this rate."""

_BIT_RATES = range(1_000, 3_200_000)
"""Bits of a second that a sound can have, from silence to a studio's WAVE: no other length is believed of Slack."""

_PADDING = 1
"""Seconds by which a model may count more than Slack: codecs pad a sound, and either may round."""

_OF_THE_SOUND = frozenset(
    {"allowance", "odd_address", "sound", "sound_too_big", "speech", "speech_off", "transcribing", "uploading"}
)
"""Codes for which a sound is left out, and the rest of the question answered, as after a refusal of Slack's.

Other errors end the attempt.
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hearing:
    """The listener of one process. `listen` makes the connection to the model; `folder` has room for a sound's bytes.

    Once somebody wants no answer any more, by `stops`, nothing more is paid, and a sound is not waited for.
    """

    spool: Spool
    options: AnswerOptions
    slack: SlackChat
    books: Books
    listen: Callable[[], Transcriber]
    folder: str
    stops: StopRequests

    def hear(self, attempt: Attempt, files: Sequence[File], hints: Callable[[], Hints]) -> Heard:
        """Return the files of a question, in which each sound has its words; see Heard.

        `hints` are looked up if a model is to listen. Raise `Temporary` and `Permanent` as ModelCall.ask() does.
        """
        sounds = _Sounds(self, attempt, hints)
        most = self.options.attachments.count
        kept = [each for each in map(sounds.heard, files[:most]) if each]
        return Heard((*kept, *files[most:]), tuple(sounds.sounds), tuple(sounds.left_out))


class _Sounds:
    """The sounds of one question."""

    def __init__(self, hearing: Hearing, attempt: Attempt, hints: Callable[[], Hints]) -> None:
        self._hearing = hearing
        self._attempt = attempt
        self._hints = hints
        self._clips = Clips(hearing.slack)
        self._recorded = recorded_sounds(hearing.spool, attempt)
        self._transcriber: Transcriber | None = None
        self.sounds: list[HeardSound] = []
        self.left_out: list[LeftOut] = []

    def heard(self, file: File) -> File | None:
        """Return the file, with its words if it is a sound; None for one that is left out."""
        try:
            if file.is_stub:
                file = self._hearing.slack.file_info(file.id)
            if file.kind not in SOUNDS:
                return file
            return self._with_words(file)
        except Permanent as error:
            if error.source != "Slack" and error.code not in _OF_THE_SOUND:
                raise
            why = why_of(error)
            log_left_out(file, why, error)
            if why == "login":
                may_lack_scope(self._hearing.slack)
            self.left_out.append(LeftOut(file.name, why))
            return None

    def _with_words(self, file: File) -> File | None:
        """Return the sound with its words; None if nothing is said in it. Raise `Permanent` if it cannot be heard."""
        if self._hearing.options.speech.use == "off":
            raise Permanent("speech_off")
        if file.id in self._recorded:
            return self._noted(file, self._recorded[file.id])
        is_paid = self._hearing.options.speech.use == "model"
        # A model has the words sooner than Slack, which may also never have them.
        file = self._clips.described(file, may_wait=not is_paid)
        if told := self._clips.with_words(file):
            return self._noted(told, HeardSound(readable(told.text), told.milliseconds))
        if is_paid and not self._hearing.stops.is_stopped(self._attempt):
            return self._noted(file, self._paid(file))
        if file.text:
            self.left_out.append(LeftOut(file.name, "preview"))
            return self._noted(file, HeardSound(readable(file.text), file.milliseconds))
        raise Permanent("transcribing" if file.is_pending else "speech")

    def _noted(self, file: File, sound: HeardSound) -> File | None:
        """Note what was heard, and return the file with it; None for silence."""
        self.sounds.append(sound)
        log.info("file=%s outcome=heard by=%s ms=%d", loggable_id(file), sound.listener or "Slack", sound.milliseconds)
        if not sound.text:
            self.left_out.append(LeftOut(file.name, "silent"))
            return None
        length = file.milliseconds or sound.milliseconds
        return replace(file, text=sound.text, is_whole=True, listener=sound.listener, milliseconds=length)

    def _paid(self, file: File) -> HeardSound:
        """Have the model listen. Raise `Permanent` if the sound cannot be used, and whatever ends the attempt."""
        if file.size > MOST_BYTES:
            raise Permanent("sound_too_big")
        if not file.url:
            raise Permanent("uploading")
        call = _SoundCall(self._attempt, self._hearing, file)
        call.require_allowance()
        with ExitStack() as stack:
            with as_store_errors():
                content = stack.enter_context(tempfile.TemporaryFile(dir=self._hearing.folder))
            sound = self._downloaded(file, content)
            call.size = sound.size
            return self._transcribed(sound, call)

    def _transcribed(self, sound: Sound, call: _SoundCall) -> HeardSound:
        """Send the sound and wait for its words, unless somebody wants no answer any more."""
        stops = self._hearing.stops
        is_stopped = partial(stops.is_stopped, self._attempt, is_interrupted=True)
        self._transcriber = self._transcriber or self._hearing.listen()
        try:
            transcription = self._transcriber.transcribe(
                sound, self._hints(), call, wakeup=stops.fd, is_stopped=is_stopped
            )
        except WaitStopped:
            call.settle_as_lost()
            raise Permanent("speech") from None
        except CocoAIError:
            call.settle_as_lost()
            raise
        return call.end(transcription)

    def _downloaded(self, file: File, content: BinaryIO) -> Sound:
        """Download a sound into `content`, and return it.

        Raise `Permanent` `sound` if none can be heard in it, StoreError if the disk is full.
        """
        try:
            size = save(self._hearing.slack, file.url, MOST_BYTES, as_store_errors()(content.write))
        except Permanent as error:
            raise (Permanent("sound_too_big") if error.code == "too_big" else error) from None
        with as_store_errors():
            content.seek(0)
            ending = ending_of(content.read(HEAD))
        if not ending:
            raise Permanent("sound")
        return Sound(content, size, ending)


class _SoundCall(PaidCalls):
    """The paid call for one sound: the `CallRecorder`. Its `size`, in bytes, is known before it is sent."""

    def __init__(self, attempt: Attempt, hearing: Hearing, file: File) -> None:
        super().__init__(attempt, hearing.books)
        self.size = 0
        self._file = file
        self._speech = hearing.options.speech
        self._at = 0.0

    def require_allowance(self) -> None:
        """Raise `OverAllowance` if the sound, where its length is told, is more than its person may have today.

        asked() decides; this spares what would be downloaded in vain. A ledger that is broken is only logged.
        """
        call = self._call(0, "")
        with self._books.logged(call.key):
            if self._file.milliseconds and not self._books.ledger.allows(call):
                raise OverAllowance

    def asked(self) -> None:
        """Hold what the sound may cost, and record it before it leaves. Raise as open() does."""
        self._at = self._books.clock()
        self.open(self._call(*self._books.tariff.sound_bound(self._speech.model, self._seconds, self._at)))

    def _call(self, bound: int, price: str) -> PaidCall:
        call = paid_call(self._attempt, "speech", self._speech.model, bound, price)
        # Of a person's minutes the sound takes its own length: half an hour is no more than that.
        units = 1000 * (self._seconds - _PADDING)
        return replace(call, units=units, most_a_day=60_000 * self._speech.minutes_a_day)

    @property
    def _seconds(self) -> int:
        """Return the length that is held; until the sound is there, by the size that Slack tells."""
        return _longest(self._file.milliseconds, self.size or self._file.size)

    def end(self, transcription: Transcription) -> HeardSound:
        """Record the words with the bill, settle the call, and return what was heard."""
        bill = self._bill(transcription)
        length = transcription.milliseconds or self._file.milliseconds
        sound = HeardSound(readable(transcription.text), length, self._speech.model, bill.spent)
        fact: dict[str, Any] = {"file": self._file.id, "n": self.n, "call": self.number, "bill": bill.as_fact()}
        self._attempt.record("heard", **fact, **vars(sound))
        self.settle(bill)
        return sound

    def _bill(self, transcription: Transcription) -> Bill:
        """Return what the sound has cost: by its usage, else the whole hold."""
        assert self.call is not None  # noqa: S101 (the call was made)
        priced = self._books.tariff.priced_sound(
            transcription.counts, model=self._speech.model, at=self._at, milliseconds=transcription.milliseconds
        )
        return priced or Bill(self.call.bound, "estimated", self._speech.model)


def _longest(milliseconds: int, size: int) -> int:
    """Return the most seconds that a model may count for a sound of `size` bytes, whose length Slack tells, or 0."""
    if milliseconds and size * 8000 // milliseconds in _BIT_RATES:
        return -(-milliseconds // 1000) + _PADDING
    return -(-size * 8 // LEAST_BIT_RATE) + _PADDING
