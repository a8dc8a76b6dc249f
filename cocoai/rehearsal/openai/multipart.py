"""Take a multipart form apart (RFC 7578), as the endpoints that receive files do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

from cocoai.rehearsal.openai.openai_errors import OpenAIApiError


@dataclass(frozen=True)
class FormPart:
    """One part of a form. `filename` is "" for a plain field, and `media_type` is what the part says it is."""

    name: str
    data: bytes
    filename: str = ""
    media_type: str = ""

    @property
    def text(self) -> str:
        """Return the value of a plain field."""
        return self.data.decode("utf-8", "replace")


def parts_of(content_type: str, body: bytes) -> list[FormPart]:
    """Return the parts of a form. Raise `OpenAIApiError` (400) if it is none."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    found = list(_parts(message)) if message.is_multipart() else []
    if not found:
        raise OpenAIApiError(400, "Could not parse multipart form.", code="invalid_multipart_form")
    return found


def _parts(message: EmailMessage) -> Iterator[FormPart]:
    for part in message.iter_parts():
        disposition = part["Content-Disposition"]
        name = disposition.params.get("name", "") if disposition else ""
        data = part.get_payload(decode=True)
        yield FormPart(
            name, data if isinstance(data, bytes) else b"", part.get_filename() or "", part.get_content_type()
        )
