"""slack/api/file_types.py: recognizing a file's type and encoding by its bytes alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.api.file_types import is_page, media_type_of, text_of

pytestmark = pytest.mark.pure

PROSE = "吾輩は猫である。名前はまだ無い。\r\nどこで生れたかとんと見当がつかぬ。\n"
CODE = 'def greet():\n\t"""あいさつする"""\n\treturn "こんにちは"\n'
LEDGER = "年月,金額,件数\n2026年1月,1000,3\n2026年2月,2500,髙橋㈱①\n"


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


@pytest.mark.parametrize("text", [PROSE, CODE, LEDGER, PROSE * 2000], ids=["prose", "code", "ledger", "long"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp"])
def test_japanese_text_is_read_in_each_encoding(text: str, encoding: str) -> None:
    """The text is decoded unchanged, without its byte order mark."""
    if encoding == "euc_jp":
        text = text.replace("髙橋㈱①", "たかはし")  # what it does not have
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""

    assert text == text_of((mark + text).encode(encoding))


@pytest.mark.parametrize(
    "text", ["", "\n", "hello", "naïve café, Ελλάδα, Привет, 你好, 안녕 😀\n", "\x1b[31mred\x1b[0m\r\n\f\tx\b", "{}"]
)
def test_utf_8_is_text_in_any_language(text: str) -> None:
    """UTF-8 is text in any language, also an empty file and a terminal's log with its colours."""
    assert text == text_of(text.encode())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Er aß überall Käse, größer als Öfen; naïve café à côté de l'été.", "latin-1"),
        ("Straße und Fuß, Maß und Gruß.", "latin-1"),
        ("It’s “‘quoted’”: don’t, can’t, won’t.", "cp1252"),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", "cp1251"),
        ("база", "cp1251"),
        ("съешь же ещё этих мягких французских булок, да выпей чаю.", "koi8-r"),
        ("中华人民共和国的首都是北京，人口很多。今天天气很好，我们去公园散步。", "gb2312"),
        ("中華人民共和國的首都是北京，今天天氣很好，我們去公園散步。", "big5"),
        ("대한민국의 수도는 서울이다. 오늘은 날씨가 좋다.", "euc_kr"),
    ],
)
def test_other_alphabets_are_not_taken_for_japanese(text: str, encoding: str) -> None:
    """Text in another legacy encoding counts as unreadable instead of being decoded as Japanese."""
    assert text_of(text.encode(encoding)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"hello\0",
        b"hello " * 100 + b"\0",
        b"\x01\x02\x03 some \x04\x05 words",
        b"PK\3\4\x14\0\0\0\x08\0" + bytes(range(256)) * 4,
        b"\x7fELF\2\1\1" + b"\0" * 9,
        b"ID3\4\0\0\0\0" + bytes(range(255, -1, -1)),
        b"\xff\xfe\0\0h\0\0\0",
        b"\xff\xfe\x00\xd8",
        b"\xff\xfea",
    ],
)
def test_binary_data_is_no_text(data: bytes) -> None:
    """Binary data is no text, nor is UTF-16 with half a character or a lone surrogate."""
    assert text_of(data) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932", "euc_jp"])
def test_a_cut_text_is_read_wherever_it_is_cut(encoding: str) -> None:
    """With `is_cut`, half a character at the end is left out."""
    data = PROSE.encode(encoding)
    heads = [text_of(data[:length], is_cut=True) for length in range(len(data) - 8, len(data))]

    assert all(head and PROSE.startswith(head) for head in heads)


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


@given(st.binary(max_size=600))
def test_any_bytes_can_be_examined(data: bytes) -> None:
    """Any bytes are examined without an error; a decoded text can be encoded as UTF-8 and has no NUL."""
    media_type_of(data)
    is_page(data)
    for is_cut in (True, False):
        assert "\0" not in (text_of(data, is_cut=is_cut) or "").encode().decode()
