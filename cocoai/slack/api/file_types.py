"""Recognizes a file's type by its bytes, since its name and Slack's description may be wrong. Pure.

Texts are recognized by text_files.py. It must not know Slack, nor what a model takes beyond the types below.
"""

from __future__ import annotations

import re

_SIGNATURES = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("application/pdf", re.compile(rb"\s*%PDF-")),
)
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_OFFICE = re.compile(
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|PK\x03\x04.{26,}?(?:\[Content_Types\]\.xml|_rels/|mimetypeapplication/vnd\.oasis)",
    re.DOTALL,
)


def media_type_of(data: bytes) -> str:
    """Return the media type, such as `image/png`, of an image or a PDF that OpenAI takes; "" for anything else."""
    head = data[:1024]
    return next((media_type for media_type, signature in _SIGNATURES if signature.match(head)), "")


def is_page(data: bytes) -> bool:
    """Check whether the data begins as an HTML page does: `<!doctype html` or `<html`, perhaps behind comments."""
    return _PAGE.match(data[:1024]) is not None


def is_office(data: bytes) -> bool:
    """Check whether the data begins as an office file does: an OLE container, Office Open XML, or OpenDocument."""
    return _OFFICE.match(data[:2048]) is not None
