"""A model that draws, and Slack's way for a file, both simulated: the power may go at each step of theirs.

The way of a file has its own tests (tests/slack/api/test_thread_upload.py): here it is one step outside, which an
earlier process may have taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoai.answer import thread_file
from cocoai.answer.options import ImageOptions
from cocoai.answer.picture_words import drawn_text
from cocoai.chatgpt.one_response import CallRecorder
from cocoai.chatgpt.picture_form import PictureOrder
from cocoai.chatgpt.pictures import ChatGPTPictures, DrawnPicture, PictureUsage
from cocoai.errors import CocoAIError
from cocoai.ledger.picture_tariff import PictureTokens
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import Begun, InThread, OutgoingFile, Place
from cocoai.spool.key import Key, file_stem
from cocoai.texts import ENGLISH
from tests.crash.ledger import TARIFF
from tests.crash.services import COMES, Services
from tests.crash.world import NOW, Law

IMAGES = ImageOptions("gpt-image-2.6-flare", "1536x1024", "medium", "jpeg")
USAGE = PictureUsage(10, 0, 366)
PICTURE = b"\xff\xd8\xff picture"
FILE_ID = "F0PICTURE"

AMOUNT = TARIFF.pictures.priced(PictureTokens(**vars(USAGE)), model=IMAGES.model, at=NOW).spent
"""What each picture is billed at, in nano-dollars."""


def reply_to(prompt: str) -> str:
    """Return what the reply says of a picture, as Markdown."""
    return drawn_text({"text": prompt, "model": IMAGES.model}, ENGLISH)


class SimulatedPictures(ChatGPTPictures):
    """A model that draws one picture, in two pieces. The last of `claimed` is the job's key."""

    def __init__(self, services: Services, claimed: list[str]) -> None:
        self._services = services
        self._claimed = claimed

    def draw(
        self, order: PictureOrder, write: Callable[[bytes], None], recorder: CallRecorder, **_: object
    ) -> DrawnPicture:
        """Draw the picture; the power may go before each piece of it."""
        recorder.asked()
        try:
            self._services.model(self._claimed[-1], order.prompt, AMOUNT)
        except CocoAIError as error:
            if not error.sent:
                recorder.unasked(str(error))
            raise
        write(PICTURE[:6])
        self._services.own_step(COMES)
        write(PICTURE[6:])
        return DrawnPicture(len(PICTURE), "image/jpeg", USAGE)


def bring(
    slack: SlackChat, file: OutgoingFile, _: Place, begun: Begun | None, record: Callable[[Begun], bool], **__: object
) -> InThread:
    """Show a file in its thread at once, unless an earlier process has had it shown: what bring_file() comes to."""
    services: Services = slack.simulated_by  # type: ignore[attr-defined]
    (key,) = (each for each in services.inputs if file.name.startswith(file_stem(Key.parse(each))))
    services.own_step("look for the picture")
    if begun is None or key not in services.outside.shared:
        if services.spooled(str(file.content)) != PICTURE:
            services.report(Law.WHOLE, f"{key}: {file.content!r} is no picture")
        record(Begun(FILE_ID))
        services.own_step("ask to show the picture")
        services.note(shared=(*services.outside.shared, key))
        services.own_step("the picture is shown")
    return InThread(FILE_ID, f"{NOW:.6f}")


def install(setattr_: Callable[[Any, str, object], None]) -> None:
    """Have every file of this process's replies brought by bring()."""
    setattr_(thread_file, "bring_file", bring)
