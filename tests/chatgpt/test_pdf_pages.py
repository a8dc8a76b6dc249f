"""chatgpt/pdf_pages.py: the pages of a PDF, from what can be read of it, and from its size where nothing can."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.pdf_pages import PDF_PAGE, pdf_pages

pytestmark = pytest.mark.pure

HEAD = b"%PDF-1.7\n"
NODE = b"2 0 obj\n<< /Type /Pages /Kids [3 0 R 4 0 R] /Count %d >>\nendobj\n"
PAGE = b"3 0 obj\n<< /Type /Page /Parent 2 0 R /Resources << /Font << >> >> >>\nendobj\n"


def object_stream(*objects: bytes, extra: bytes = b"", content: bytes | None = None) -> bytes:
    """Return an object stream of these objects, deflated, or of a content that is not what it seems."""
    deflated = zlib.compress(b" ".join(objects)) if content is None else content
    head = b"5 0 obj\n<< /Type /ObjStm /N %d /First 9 /Filter /FlateDecode /Length %d" % (len(objects), len(deflated))
    return head + extra + b" >>\nstream\r\n" + deflated + b"\nendstream\nendobj\n"


@pytest.mark.parametrize("pages", [1, 2, 7, 300])
def test_page_objects_are_counted(pages: int) -> None:
    """Each page is an object of its own; a node of the page tree is none."""
    assert pages == pdf_pages(HEAD + NODE % pages + PAGE * pages)


@pytest.mark.parametrize(
    ("page", "pages"),
    [
        (b"<</Type/Page>>", 1),
        (b"<</Type/Page/Parent 2 0 R>>", 1),
        (b"<</Type\r\n/Page\0/Rotate 90>>", 1),
        (b"<</Type/Page[]>>", 1),
        (b"<</Type/Pages>>", 0),
        (b"<</Type/PageLabel>>", 0),
        (b"<</S/Page>>", 0),
    ],
)
def test_a_page_is_known_by_its_type(page: bytes, pages: int) -> None:
    """The name of the type may have white space before it, and must end there."""
    assert max(1, pages * 3) == pdf_pages(HEAD + page * 3)


@pytest.mark.parametrize(
    "node",
    [
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 12 >>",
        b"<</Count 12/Type/Pages/Kids[3 0 R]>>",
        b"<</Kids[]/Type/Pages/Count\n12>>",
        b"<< /Linearized 1 /L 5000 /H [ 500 100 ] /O 9 /E 4000 /N 12 /T 4900 >>",
    ],
)
def test_the_page_tree_tells_how_many_pages_there_are(node: bytes) -> None:
    """Where the pages themselves are not seen, the count in the tree is taken, or the one of a file for the web."""
    assert 12 == pdf_pages(HEAD + node)


def test_a_bookmark_is_no_page() -> None:
    """Bookmarks have a /Count too, but no /Kids."""
    assert 1 == pdf_pages(HEAD + PAGE + b"<< /Type /Outlines /First 7 0 R /Last 9 0 R /Count 500 >>")


def test_pages_in_object_streams_are_counted() -> None:
    """Since PDF 1.5 pages lie in compressed object streams, of which there may be many."""
    page = b"<< /Type /Page /Parent 2 0 R >>"

    assert 7 == pdf_pages(HEAD + object_stream(page, page, page) + object_stream(b"<<>>", *[page] * 4))
    assert 40 == pdf_pages(HEAD + object_stream(page, b"<< /Type /Pages /Count 40 /Kids [3 0 R] >>"))
    assert 2 == pdf_pages(HEAD + object_stream(page, page, extra=b" /DecodeParms null"))


def test_an_array_with_one_filter_is_read() -> None:
    """A filter may stand alone or as the only one of an array."""
    stream = object_stream(b"<< /Type /Page >>" * 5).replace(b"/FlateDecode", b"[ /FlateDecode ]")

    assert 5 == pdf_pages(HEAD + stream)


def test_an_object_stream_that_is_not_compressed_counts_once() -> None:
    """Without a filter its pages were seen already."""
    stream = (
        b"5 0 obj\n<< /Type /ObjStm /N 2 /First 9 >>\nstream\n" + b"<< /Type /Page >> " * 2 + b"\nendstream\nendobj\n"
    )

    assert 2 == pdf_pages(HEAD + stream)


@pytest.mark.parametrize(
    "stream",
    [
        object_stream(content=b"no zlib"),
        object_stream(content=zlib.compress(b"<< /Type /Page >>" * 9)[:-6]),
        object_stream(b"<< /Type /Page >>", extra=b" /DecodeParms << /Predictor 12 >>"),
        object_stream(b"<< /Type /Page >>").replace(b"/FlateDecode", b"/LZWDecode"),
        object_stream(b"<< /Type /Page >>").replace(b"/FlateDecode", b"[/ASCII85Decode /FlateDecode]"),
        object_stream(b"<< /Type /Page >>").replace(b"/FlateDecode", b"[/FlateDecode /ASCII85Decode]"),
    ],
    ids=["broken", "cut", "predicted", "another filter", "filters", "filters turned"],
)
def test_what_cannot_be_read_counts_by_its_size(stream: bytes) -> None:
    """A file with pages that may be hidden has as many as its size suggests, or as are seen, if these are more."""
    filled = HEAD + PAGE + stream + bytes(30_000)

    assert 1 + len(filled) // 3000 == pdf_pages(filled)
    assert 900 == pdf_pages(HEAD + PAGE * 900 + stream)


def test_what_is_too_large_counts_by_its_size() -> None:
    """So does a stream that would be inflated to more than is worth it."""
    test_what_cannot_be_read_counts_by_its_size(object_stream(content=zlib.compress(bytes(33 * 1024 * 1024))))


@pytest.mark.parametrize(("size", "pages"), [(0, 1), (2999, 1), (3000, 2), (300_000, 101)])
def test_without_any_page_the_size_counts(size: int, pages: int) -> None:
    """A file in which no page is found is guessed by its size, and has at least one page."""
    assert pages == pdf_pages(bytes(size))


def test_many_streams_are_inflated_only_so_far() -> None:
    """What all streams together may be inflated to is bounded, not what each of them may be."""
    half = object_stream(content=zlib.compress(b"<< /Type /Page >>" + bytes(17 * 1024 * 1024)))

    assert 1 == pdf_pages(HEAD + half)
    assert 1 + len(HEAD + half * 2) // 3000 == pdf_pages(HEAD + half * 2)


def test_a_page_costs_a_picture_and_a_text() -> None:
    """A page is planned as a picture at high detail, and as many tokens of text."""
    assert 2 * 3000 == PDF_PAGE


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_have_at_least_one_page(before: bytes, after: bytes) -> None:
    """No bytes lead to an error, or to no page."""
    assert pdf_pages(before) >= 1
    assert pdf_pages(HEAD + before + object_stream(after) + object_stream(content=after) + before) >= 1
