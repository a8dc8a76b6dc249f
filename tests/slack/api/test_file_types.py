"""slack/api/file_types.py: recognizing a file's type by its bytes alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.api.file_types import is_office, is_page, media_type_of

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"\xff\xd8\xff\xdb", "image/jpeg"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"GIF87a\1\0\1\0", "image/gif"),
        (b"RIFF\n\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"\r\n%PDF-1.4\n", "application/pdf"),
        (b"", ""),
        (b"RIFF\x24\0\0\0WAVEfmt ", ""),
        (b"PK\3\4\x14\0", ""),
        (b"BM\x36\0\0\0", ""),
        (b"II*\0\x08\0", ""),
        (b"\x89PNG", ""),
        (b"see GIF89a and %PDF-1.7", ""),
        (b" " * 2000 + b"%PDF-1.7", ""),
    ],
)
def test_images_and_pdfs_are_recognized_by_their_first_bytes(data: bytes, expected: str) -> None:
    """The four types of image that the model takes and PDF are recognized, and no other type."""
    assert expected == media_type_of(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<!DOCTYPE html><html>", True),
        (b"\xef\xbb\xbf\r\n <!doctype  HTML PUBLIC>", True),
        (b"<!-- a --> <!-- b\n -->\n<html lang='ja'>", True),
        (b"<HTML>", True),
        (b"<htmlx>", False),
        (b"<?xml version='1.0'?><svg/>", False),
        (b"# <html>", False),
        (b"", False),
        (b"<!---->" * 140 + b"<!--", False),
    ],
)
def test_a_page_is_recognized_by_its_beginning(data: bytes, expected: bool) -> None:
    """A page begins with a doctype or <html>, behind any number of comments, and is recognized without delay."""
    assert expected == is_page(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", True),
        (b"PK\3\4" + b"\0" * 26 + b"[Content_Types].xml", True),
        (b"PK\3\4" + b"\0" * 26 + b"_rels/.rels", True),
        (b"PK\3\4" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.text", True),
        (b"PK\3\4" + b"\0" * 26 + b"holiday.jpg", False),
        (b"%PDF-1.7", False),
        (b"", False),
    ],
)
def test_an_office_file_is_recognized_by_its_container(data: bytes, expected: bool) -> None:
    """Files of Office and OpenDocument are recognized, other archives are not."""
    assert expected == is_office(data)


@given(st.binary(max_size=600))
def test_any_bytes_can_be_examined(data: bytes) -> None:
    """Any bytes are examined without an error."""
    media_type_of(data)
    is_page(data)
    is_office(data)
