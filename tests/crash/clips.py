"""A voice clip and a model that hears it, both simulated: the power may go at each step of the hearing."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from cocoai.answer import hearing
from cocoai.answer.heard import HeardSound
from cocoai.answer.options import SpeechOptions
from cocoai.answer.quotation import quotation
from cocoai.chatgpt.one_response import CallRecorder
from cocoai.chatgpt.transcription import Hints, Sound, Transcriber, Transcription
from cocoai.errors import CocoAIError
from cocoai.slack.api.chat import SlackChat
from cocoai.texts import ENGLISH
from tests.crash.ledger import TARIFF
from tests.crash.services import Services
from tests.crash.world import CLIP_MS, NOW, SPOKEN
from tests.options import options
from tests.sounds import tone

SPEECH = SpeechOptions(use="model")
CLIP_BYTES = tone(CLIP_MS / 1000)
COUNTS = {"second": CLIP_MS}
BILL = TARIFF.priced_sound(COUNTS, model=SPEECH.model, at=NOW, milliseconds=CLIP_MS)
assert BILL
AMOUNT = BILL.spent
"""What hearing the clip is billed at, in nano-dollars."""

QUOTED = quotation([HeardSound(SPOKEN, CLIP_MS, SPEECH.model, AMOUNT).as_fact()], ENGLISH, options().money.yen_rate)
"""How a reply quotes the clip, as Markdown."""


class SimulatedTranscriber(Transcriber):
    """A model that hears what is said in the clip. The last of `claimed` is the job's key."""

    def __init__(self, services: Services, claimed: list[str]) -> None:
        self._services = services
        self._claimed = claimed

    def transcribe(self, sound: Sound, hints: Hints, recorder: CallRecorder, **_: Any) -> Transcription:
        """Return the words; the power may go before the model hears them, and before we do."""
        recorder.asked()
        try:
            self._services.hear(self._claimed[-1], AMOUNT)
        except CocoAIError as error:
            if not error.sent:
                recorder.unasked(str(error))
            raise
        return Transcription(SPOKEN, COUNTS)


def save(slack: SlackChat, _url: str, _most: int, write: Callable[[bytes], object]) -> int:
    """Download the clip in one step: what save() of file_bytes.py comes to."""
    services: Services = slack.simulated_by  # type: ignore[attr-defined]
    services.own_step("the clip is fetched")
    write(CLIP_BYTES)
    return len(CLIP_BYTES)


def install(setattr_: Callable[[Any, str, object], None]) -> None:
    """Have every Hearing of this process fetch its clips by save(), and keep them in memory."""
    setattr_(hearing, "save", save)
    setattr_(hearing, "tempfile", SimpleNamespace(TemporaryFile=lambda **_: BytesIO()))
