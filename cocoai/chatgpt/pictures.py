"""ChatGPTPictures: have one of OpenAI's models draw a picture, or change others, and give its bytes away as they come.

Nothing arrives while it is drawn, so there is one time limit, for all of it. Errors are raised: whether to ask again is
the caller's decision. It knows nothing of Slack, nor of where a picture goes.

Source: OpenAI's API reference, POST /images/generations and /images/edits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.chatgpt.answer_reader import read_body
from cocoai.chatgpt.api_error import ApiError, request_id
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.one_response import CallRecorder, OneResponseApi, RefusedParameter
from cocoai.chatgpt.picture_form import PictureOrder, json_body, picture_form
from cocoai.chatgpt.picture_reader import BadPicture, PictureReader
from cocoai.chatgpt.transport import error_within, read_error
from cocoai.engine.client.client import StreamedResponse
from cocoai.errors import CocoAIError, Temporary
from cocoai.json_values import mapping_at, number_at

_OPTIONAL = ("output_compression", "output_format")
"""Parameters without which a picture can be drawn, too: one that the server refuses is left out."""

_SIGNATURES = (
    ("image/jpeg", b"\xff\xd8\xff", b""),
    ("image/png", b"\x89PNG\r\n\x1a\n", b""),
    ("image/webp", b"RIFF", b"WEBP"),
    ("image/gif", b"GIF8", b""),
)
"""How a picture begins, and what it has from its ninth byte on."""


@dataclass(frozen=True)
class PictureUsage:
    """The tokens that a picture is billed for: of its prompt, of the pictures sent, and of the picture itself."""

    text: int
    image: int
    drawn: int


@dataclass(frozen=True)
class DrawnPicture:
    """A picture that was given away: its bytes, and its type, "" if it is none; `usage` is None if it is not told."""

    size: int
    media_type: str
    usage: PictureUsage | None


class ChatGPTPictures(OneResponseApi):
    """Has pictures drawn by the server at `base_url`; see OneResponseApi."""

    def draw(
        self,
        order: PictureOrder,
        write: Callable[[bytes], None],
        recorder: CallRecorder,
        *,
        wakeup: int | None = None,
        is_stopped: Callable[[], bool] = bool,
    ) -> DrawnPicture:
        """Have a picture drawn, give its bytes to `write` as they arrive, and return what it is.

        When `wakeup`, a descriptor, is readable, `is_stopped` tells whether to go on; if not, raise WaitStopped.
        Raise `Temporary` as ChatGPTChat.reply() does, and `Permanent` `refused` if the moderation does not allow it,
        else the API's own code. Either is `sent` if the model may have run, or the request may be billed. Whatever
        `write` raises is raised, too. A picture that was sent and cannot be used is `Permanent` `bad_picture`.
        """
        return self._recorded(lambda: self._exchange(order, write, wakeup, is_stopped), recorder)

    def _exchange(
        self,
        order: PictureOrder,
        write: Callable[[bytes], None],
        wakeup: int | None,
        is_stopped: Callable[[], bool],
    ) -> DrawnPicture:
        """Send one request and read its response. Raise as draw(), and `RefusedParameter`."""
        deadlines, fields = self._deadlines(), order.fields(self._refused)
        if order.sent:
            form = picture_form(fields, order.sent)
            response = self._post("/images/edits", form, form.content_type, deadlines, wakeup, is_stopped)
        else:
            body = json_body(fields)
            response = self._post("/images/generations", body, "application/json", deadlines, wakeup, is_stopped)
        return _read(response, fields, write, deadlines)


def _read(
    response: StreamedResponse, fields: Mapping[str, Any], write: Callable[[bytes], None], deadlines: Deadlines
) -> DrawnPicture:
    """Read the response to its end, and return what picture it has. Raise as draw(), and `RefusedParameter`."""
    with response:
        if response.status // 100 != 2:
            error = read_error(response, deadlines)
            name = error.refused_parameter([each for each in _OPTIONAL if each in fields])
            if name:
                raise RefusedParameter(name, error)
            raise _billed(error.to_exception("bad_picture" if _is_about_a_picture(error) else ""))
        reader = PictureReader(write)
        try:
            while data := read_body(response.body, deadlines):
                reader.feed(data)
            value = reader.end()
        except BadPicture:
            raise _sent(Temporary("unreadable_answer", source="OpenAI"), response) from None
        except CocoAIError as error:
            raise _sent(error, response) from None
        if not reader.size and (failure := error_within(value, response.headers)):
            raise _billed(failure)
        return DrawnPicture(reader.size, picture_type(reader.head), _usage(mapping_at(value, "usage")))


def _is_about_a_picture(error: ApiError) -> bool:
    """Check whether the server refuses a picture that was sent: its format, its size, or what is damaged in it."""
    if error.status not in (400, 413, 415, 422) or error.is_about_access or error.is_filtered:
        return False
    return error.param.startswith("image") or error.refuses_attachment


def _billed(error: CocoAIError) -> CocoAIError:
    """Return an error, marked as sent if it is a refusal of the moderation, which may be billed for its input."""
    error.sent = error.sent or error.code == "refused"
    return error


def _sent(error: CocoAIError, response: StreamedResponse) -> CocoAIError:
    """Return an error of a request that was accepted, marked as that: the picture was drawn, and is billed."""
    error.sent = True
    error.request_id = error.request_id or request_id(response.headers)
    return error


def picture_type(head: bytes) -> str:
    """Return the media type of a picture by its first bytes; "" if it is none that people can look at in Slack."""
    for media_type, beginning, more in _SIGNATURES:
        if head.startswith(beginning) and head[8 : 8 + len(more)] == more:
            return media_type
    return ""


def _usage(usage: Mapping[str, Any]) -> PictureUsage | None:
    """Return the usage that a response tells; None if it tells none that can be true.

    Input tokens of which is not told what they are count as those of pictures, which are dearer.
    """
    total, drawn = number_at(usage, "input_tokens"), number_at(usage, "output_tokens")
    if not (drawn and total):
        return None
    text = min(number_at(mapping_at(usage, "input_tokens_details"), "text_tokens"), total)
    return PictureUsage(text, total - text, drawn)
