"""About how many pages a PDF has, rather too many than too few, without a library for PDF.

A file's pages are objects of /Type /Page, in a tree whose nodes, /Type /Pages, give the /Count of pages below them.
Since PDF 1.5 both may lie in compressed object streams. Source: ISO 32000-1, 7.5.7 and 7.7.3, and annex F (/N).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

PDF_PAGE = 6000
"""Tokens of a page: 3,000 for its picture, as large as one at high detail, and 3,000 for a page full of text.

OpenAI's guide to file inputs says that a page is sent as both, and gives no number."""

_PAGE_BYTES = 3000
"""Bytes of a page in a file that cannot be read: fewer than all but the plainest pages take."""

_MOST_INFLATED = 32 * 1024 * 1024
"""Bytes that are inflated of one file, all its object streams together."""

_CHUNK = 16 * 1024
"""Bytes that are given to zlib at once: it copies what stands behind the end of a stream."""

_LONGEST_DICTIONARY = 1000
"""Bytes before an object stream in which its dictionary begins."""

_PAGE = re.compile(rb"/Type[\0\t\n\f\r ]*/Page(?![^\0\t\n\f\r ()<>\[\]{}/%])")
_COUNTS = (
    re.compile(rb"/Count[\0\t\n\f\r ]+([0-9]{1,7})[^<>]{0,100}?/Kids"),
    re.compile(rb"/Kids[\0\t\n\f\r ]*\[[^\]/]*\][^<>]{0,100}?/Count[\0\t\n\f\r ]+([0-9]{1,7})"),
    re.compile(rb"/Linearized[^<>]{0,100}?/N[\0\t\n\f\r ]+([0-9]{1,7})"),
)
"""The pages below a node of the tree, which has /Kids, as bookmarks do not; and those of a file made for the web."""

_STREAM = re.compile(rb">>[\0\t\n\f\r ]*stream\r?\n")
_DEFLATED = re.compile(
    rb"/Filter[\0\t\n\f\r ]*(?:/FlateDecode|\[[\0\t\n\f\r ]*/FlateDecode[\0\t\n\f\r ]*\])(?![A-Za-z0-9])"
)


def pdf_pages(data: bytes) -> int:
    """Return about how many pages the PDF has, at least 1.

    If a part that may hold pages cannot be read, or no page is found, it is at least what the file's size suggests.
    """
    pages, most, is_read = _pages(data), _count(data), True
    for inflated in _object_streams(data):
        if inflated is None:
            is_read = False
        else:
            pages += _pages(inflated)
            most = max(most, _count(inflated))
    found = max(pages, most)
    return found if found and is_read else max(found, 1 + len(data) // _PAGE_BYTES)


def _pages(part: bytes) -> int:
    """Return the number of page objects; a page that was changed after the file was made counts twice."""
    return sum(1 for _ in _PAGE.finditer(part))


def _count(part: bytes) -> int:
    """Return the largest number of pages that a node of the page tree, or the file's first object, says it has."""
    return max((int(found[1]) for pattern in _COUNTS for found in pattern.finditer(part)), default=0)


def _object_streams(data: bytes) -> Iterator[bytes | None]:
    """Yield each compressed object stream inflated, up to one that cannot be, or is too large: then None, and stop."""
    left = _MOST_INFLATED
    for stream in _STREAM.finditer(data):
        start = max(0, stream.start() - _LONGEST_DICTIONARY)
        if data.rfind(b"/ObjStm", start, stream.start()) < 0:
            continue
        near = data[start : stream.start() + len(b">>")]
        dictionary = near[near.rfind(b"obj") + 1 :]
        if b"/ObjStm" in dictionary and b"/Filter" in dictionary:
            is_deflated = _DEFLATED.search(dictionary) and b"/Predictor" not in dictionary
            inflated = _inflated(data, stream.end(), left) if is_deflated else None
            yield inflated
            if inflated is None:
                return
            left -= len(inflated)


def _inflated(data: bytes, start: int, most: int) -> bytes | None:
    """Return the stream that begins at `start`, inflated; None if it is broken, or has more than `most` bytes."""
    inflater = zlib.decompressobj()
    inflated = bytearray()
    while not inflater.eof and start < len(data):
        try:
            inflated += inflater.decompress(data[start : start + _CHUNK], most + 1 - len(inflated))
        except zlib.error:
            return None
        if len(inflated) > most:
            return None
        start += _CHUNK
    return bytes(inflated) if inflater.eof else None
