"""Files of offices, as small as can be, for the tests of reading them. PDF is written by hand: pypdf writes no text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import docx
import openpyxl
import pypdf

_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap end end"""


_FONT = (
    b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 4 0 R/DescendantFonts["
    b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
    b"/Supplement 0>>>>]>>"
)


def pdf(*pages: str) -> bytes:
    """Return a PDF with these texts, one a page, whose font has two bytes for each character, as Japanese ones have."""
    numbers = range(5, 5 + 2 * len(pages), 2)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % n for n in numbers), len(pages)),
        _FONT,
        _stream(_TO_UNICODE),
    ]
    for number, text in zip(numbers, pages, strict=True):
        lines = b" ".join(b"<%s> Tj T*" % line.encode("utf-16-be").hex().encode() for line in text.split("\n"))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % (number + 1)
        )
        objects.append(_stream(b"BT /F 12 Tf 14 TL 50 750 Td " + lines + b" ET"))
    return _joined(objects)


def pdf_in(encoding: str, codes: bytes) -> bytes:
    """Return a PDF whose font has one of the encodings that PDF defines, such as `90ms-RKSJ-H`, and no table."""
    font = b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/%s/DescendantFonts[" % encoding.encode()
    font += b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)"
    font += b"/Supplement 6>>>>]>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>/Contents 5 0 R>>"
    text = _stream(b"BT /F 12 Tf 50 750 Td <%s> Tj ET" % codes.hex().encode())
    return _joined([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[4 0 R]/Count 1>>", font, page, text])


def protected_pdf(password: str, *pages: str) -> bytes:
    """Return a PDF that opens with this password; "" for one that everybody may read."""
    writer = pypdf.PdfWriter(io.BytesIO(pdf(*pages)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    data = io.BytesIO()
    writer.write(data)
    return data.getvalue()


def word(*paragraphs: tuple[str, str]) -> bytes:
    """Return a Word file of these paragraphs, each with its style, such as `Heading 1`, "" for the usual one."""
    document = docx.Document()
    for text, style in paragraphs:
        document.add_paragraph(text, style or None)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def excel(**sheets: Sequence[Sequence[Any]]) -> bytes:
    """Return an Excel file of these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def with_part(package: bytes, name: str, content: bytes, size: int = 0) -> bytes:
    """Return an Office file in which the part `name` is another one, compressed; it lies about its `size` unless 0."""
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, content if info.filename == name else old.read(info))
    packed = data.getvalue()
    if size:
        true = len(content).to_bytes(4, "little")
        assert 2 == packed.count(true)
        packed = packed.replace(true, size.to_bytes(4, "little"))
    return packed


def part_of(package: bytes, name: str) -> str:
    """Return a part of an Office file, as text."""
    with zipfile.ZipFile(io.BytesIO(package)) as parts:
        return parts.read(name).decode()


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(data), data)


def _joined(objects: list[bytes]) -> bytes:
    data, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj%s\nendobj\n" % (number, each)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return data + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
