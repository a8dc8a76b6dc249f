"""readers/: PDF, Word, Excel and PowerPoint through their libraries, in a process of its own that has bounds."""

from __future__ import annotations

import io
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pptx
import pytest

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers import apart, formats
from cocoai.documents.readers.apart import ReadingLimits, read_apart
from cocoai.documents.source import Unreadable
from cocoai.errors import Temporary
from tests.documents.made_files import excel, part_of, pdf, pdf_in, protected_pdf, with_part, word


def read(name: str, data: bytes, limits: ReadingLimits = apart.LIMITS) -> list[DocumentSection]:
    """Read these bytes as the file `name`."""
    return read_apart(io.BytesIO(data), name, len(data), limits)


def test_each_page_of_a_pdf_is_a_section() -> None:
    """It says on which page it is; a page without a text has none."""
    sections = read("a.pdf", pdf("有給休暇は年に二十日", "", "VPN is for all"))

    assert [("有給休暇は年に二十日", "p. 1"), ("VPN is for all", "p. 3")] == [(s.text, s.place) for s in sections]


def test_a_word_across_two_lines_of_a_pdf_is_whole() -> None:
    """Lines that fill the page go on in the next, Japanese without a space; a short one and a sentence's end do not."""
    japanese = "年次有給休暇を取るには二日前までに申\n請する必要があります。例外もありうる。\n第二条"
    english = "It is told by the head of the department,\nwho also says why.\nSection 3"

    sections = read("a.pdf", pdf(japanese, english))

    assert [
        "年次有給休暇を取るには二日前までに申請する必要があります。例外もありうる。\n第二条",
        "It is told by the head of the department, who also says why.\nSection 3",
    ] == [section.text for section in sections]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [("90ms-RKSJ-H", "cp932"), ("90msp-RKSJ-H", "cp932"), ("Add-RKSJ-V", "cp932"), ("UniJIS-UTF16-H", "utf-16-be")],
)
def test_a_font_without_a_table_is_read_by_its_encoding(encoding: str, codec: str) -> None:
    """Older programs have left the table out; pypdf knows only some of the names for Shift_JIS."""
    assert ["有休"] == [section.text for section in read("a.pdf", pdf_in(encoding, "有休".encode(codec)))]


@pytest.mark.parametrize(("encoding", "codec"), [("EUC-H", "euc_jp"), ("H", "iso2022_jp")])
def test_a_page_that_would_be_read_as_nonsense_has_no_text(encoding: str, codec: str) -> None:
    """Nobody would find it, and whoever did would be misled."""
    with pytest.raises(Unreadable, match="no_text"):
        read("a.pdf", pdf_in(encoding, "有休".encode(codec).removeprefix(b"\x1b$B").removesuffix(b"\x1b(B")))


def test_a_pdf_with_a_password_is_named() -> None:
    """One whose password for readers is empty is read: everybody can."""
    with pytest.raises(Unreadable, match="encrypted"):
        read("a.pdf", protected_pdf("secret", "x"))
    assert ["free to read"] == [section.text for section in read("a.pdf", protected_pdf("", "free to read"))]


def test_a_scanned_pdf_has_no_text() -> None:
    """Its pages are pictures."""
    with pytest.raises(Unreadable, match="no_text"):
        read("a.pdf", pdf("", ""))


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.pptx"])
@pytest.mark.parametrize("data", [b"", b"x", b"%PDF-1.4", b"PK\x03\x04" + b"\0" * 40, b"<html>" * 100])
def test_what_is_no_such_file_is_broken(name: str, data: bytes) -> None:
    """Its name says what it is not."""
    with pytest.raises(Unreadable, match=r"broken|empty"):
        read(name, data)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.pdf", lambda: pdf(*["word " * 50] * 5)),
        ("a.docx", lambda: word(("word " * 50, ""))),
        ("a.xlsx", lambda: excel(S=[["word"] * 50] * 5)),
    ],
)
def test_half_a_file_and_one_with_wrong_bytes_break_nothing(name: str, make: Callable[[], bytes]) -> None:
    """They are read in part or named, and the process that reads goes on."""
    whole, chance = make(), random.Random(19)
    for cut in (0.3, 0.6, 0.95):
        with pytest.raises(Unreadable, match=r"broken|empty|no_text"):
            read(name, whole[: int(len(whole) * cut)])
    for _ in range(6):
        data = bytearray(whole)
        for _ in range(8):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with suppress(Unreadable):
            read(name, bytes(data))


def test_the_headings_of_word_divide_it() -> None:
    """Tables are rows; a heading's level is told by its style."""
    data = word(
        ("前", ""),
        ("就業規則", "Heading 1"),
        ("休暇", "Heading 2"),
        ("年に\t20 日", ""),
        ("賃金", "Heading 1"),
        ("x", ""),
    )

    assert [("", "前"), ("就業規則 > 休暇", "年に\t20 日"), ("賃金", "x")] == [
        (section.heading, section.text) for section in read("a.docx", data)
    ]


BODY = """<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>
<w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:p><w:ins w:id="1" w:author="A"><w:r><w:t>inserted</w:t></w:r></w:ins><w:del w:id="2" w:author="A"><w:r>
<w:delText>DELETED</w:delText></w:r></w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t>HIDDEN</w:t></w:r></w:p>
<w:p><w:r><w:ruby><w:rt><w:r><w:t>READING</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>有休</w:t></w:r></w:rubyBase></w:ruby></w:r>
</w:p><w:p><w:hyperlink><w:r><w:t>link</w:t><w:br/><w:t>ed</w:t></w:r></w:hyperlink></w:p>
<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></mc:Choice>
<mc:Fallback><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>in</w:t></w:r></w:p></w:tc></w:tr>
</w:tbl></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>outlined</w:t></w:r></w:p><w:p><w:r><w:t>end</w:t></w:r></w:p>
</w:body></w:document>"""


def test_what_word_shows_is_read_and_what_it_hides_is_not() -> None:
    """Content controls, insertions, links and boxes are text, once; deletions and hidden runs are none."""
    sections = read("a.docx", with_part(word(("x", "")), "word/document.xml", BODY.encode()))

    assert [
        ("", "in a control\n\ninserted\n\n有休\n\nlink\ned\n\nboxed\n\na | b\nin"),
        ("outlined", "end"),
    ] == [(section.heading, section.text) for section in sections]


def test_the_sheets_of_excel_are_rows_with_their_header() -> None:
    """Dates and whole numbers are written as people do; a sheet says its name; one that is hidden is left out."""
    data = excel(
        名簿=[["2026 年度"], ["氏名", "入社", "点"], ["山田", datetime(2026, 4, 1), 3.0], [], ["佐藤", None, 2.5]],
        空=[],
        秘=[["SECRET"]],
    )
    hidden = part_of(data, "xl/workbook.xml").replace(
        'name="秘" sheetId="3" state="visible"', 'name="秘" sheetId="3" state="hidden"'
    )
    assert "hidden" in hidden

    sections = read("a.xlsx", with_part(data, "xl/workbook.xml", hidden.encode()))

    text = "2026 年度\n\n氏名 | 入社 | 点\n\n氏名: 山田, 入社: 2026-04-01, 点: 3\n\n氏名: 佐藤, 点: 2.5"
    assert [DocumentSection("", text, "名簿")] == sections


def test_a_sheet_that_says_a_wrong_size_is_read_whole() -> None:
    """Some programs write A1 for each."""
    data = excel(S=[["a", "b"], ["c", "d"]])
    name = "xl/worksheets/sheet1.xml"
    sheet = part_of(data, name)
    assert 'ref="A1:B2"' in sheet

    [section] = read("a.xlsx", with_part(data, name, sheet.replace('ref="A1:B2"', 'ref="A1"').encode()))

    assert "a | b\n\na: c, b: d" == section.text


def test_the_readings_of_excel_divide_no_word() -> None:
    """Excel keeps them beside the kanji that were typed."""
    data, name = excel(S=[["有休", "b"]]), "xl/worksheets/sheet1.xml"
    sheet = part_of(data, name)
    end = "</t></is></c><c"
    assert end in sheet
    read_aloud = sheet.replace(end, '</t><rPh sb="0" eb="2"><t>ユウキュウ</t></rPh></is></c><c')

    [section] = read("a.xlsx", with_part(data, name, read_aloud.encode()))

    assert "有休 | b" == section.text


def test_the_slides_of_powerpoint_are_sections() -> None:
    """Boxes, groups, tables and notes are read, under the slide's title; a hidden slide is not."""
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "予算\n2026"
    slide.placeholders[1].text = "一つ\n二つ"
    box = slide.shapes.add_group_shape().shapes.add_textbox(0, 0, 9, 9)
    box.text_frame.text = "grouped"
    table = slide.shapes.add_table(1, 2, 0, 0, 9, 9).table
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    slide.notes_slide.notes_text_frame.text = "話すこと"
    show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = "only a title"
    hidden = show.slides.add_slide(show.slide_layouts[5])
    hidden.shapes.title.text = "SECRET"
    hidden._element.set("show", "0")
    data = io.BytesIO()
    show.save(data)

    assert [
        DocumentSection("予算 2026", "一つ\n\n二つ\n\ngrouped\n\na | b\n\n話すこと", "p. 1"),
        DocumentSection("only a title", "only a title", "p. 2"),
    ] == read("a.pptx", data.getvalue())


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx"])
def test_an_office_file_with_a_password_is_named(name: str) -> None:
    """It is no zip file, but begins as the files of old Office do."""
    with pytest.raises(Unreadable, match="encrypted"):
        read(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))


def test_a_file_that_says_it_unpacks_to_too_much_is_not_opened() -> None:
    """160 MB of zeros are 160 kB in the file."""
    data = with_part(word(("x", "")), "word/document.xml", bytes(160 << 20))
    assert len(data) < 1 << 20

    with pytest.raises(Unreadable, match="too_large"):
        read("a.docx", data)


def test_a_file_that_hides_how_much_it_unpacks_to_is_broken() -> None:
    """No more of a part is read than it says."""
    body = BODY.replace("end", "end" * 1_000_000).encode()

    with pytest.raises(Unreadable, match="broken"):
        read("a.docx", with_part(word(("x", "")), "word/document.xml", body, size=2000))


READ_BOUNDED = """
import resource, sys
from cocoai.documents.readers.apart import ReadingLimits, read_apart
before = resource.getrlimit(resource.RLIMIT_AS)
try:
    with open(sys.argv[1], "rb") as file:
        read_apart(file, "a.docx", 1 << 20, ReadingLimits(memory=40 << 20))
except Exception as error:
    print(repr(error), before == resource.getrlimit(resource.RLIMIT_AS))
"""


def test_a_file_that_needs_too_much_memory_is_named(tmp_path: Path) -> None:
    """The process that reads it has its bound, and says so: whoever asked goes on without one.

    It is read from a new process, which has no memory to spare that another test has left.
    """
    body = BODY.replace("<w:tbl>", "<w:p/>" * 200_000 + "<w:tbl>").encode()
    (tmp_path / "a.docx").write_bytes(with_part(word(("x", "")), "word/document.xml", body))

    command = [sys.executable, "-c", READ_BOUNDED, str(tmp_path / "a.docx")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ("Unreadable('too_large') True\n", "") == (told.stdout, told.stderr)


def test_a_file_with_too_much_text_is_named() -> None:
    """What has thousands of pages is data."""
    with pytest.raises(Unreadable, match="too_large"):
        read("a.docx", word(*[("x" * 100, "")] * 20), ReadingLimits(text=1000))


@pytest.mark.parametrize("limits", [ReadingLimits(cpu=1), ReadingLimits(seconds=0.2)])
def test_a_reader_that_comes_to_no_end_is_ended(monkeypatch: pytest.MonkeyPatch, limits: ReadingLimits) -> None:
    """By CPU, or by time if it sleeps."""
    hang = "while True: pass" if limits.cpu == 1 else "import time; time.sleep(60)"
    monkeypatch.setattr(apart, "read_document", lambda _file, _name: exec(hang))

    with pytest.raises(Unreadable, match="too_slow"):
        read("a.pdf", pdf("x"), limits)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: os.kill(os.getpid(), 9), "too_large"),
        (lambda: os.kill(os.getpid(), 11), "broken"),
        (lambda: os._exit(0), "broken"),
        (lambda: socket.create_connection(("127.0.0.1", 9)), "io_error"),
        (lambda: subprocess.Popen(["true"]), "io_error"),
        (lambda: Path("/tmp/cocoai-test-never").write_text("x"), "io_error"),
    ],
)
def test_a_reader_may_do_nothing_but_read(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], code: str
) -> None:
    """It reaches no network, starts nothing and writes nothing; if it dies, that ends nobody else."""
    monkeypatch.setattr(apart, "read_document", lambda _file, _name: act())
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()  # a browser of other tests

    with pytest.raises((Unreadable, Temporary), match=code):
        read("a.pdf", pdf("x"))
    assert before == children.read_text()  # none is left, not even a dead one
    Path("/tmp/cocoai-test-never").unlink(missing_ok=True)


def test_without_its_library_a_format_needs_the_extra() -> None:
    """The code names it; what it is of other formats is read."""
    script = (
        "import sys, io; sys.modules.update(dict.fromkeys(('pypdf', 'docx', 'openpyxl', 'pptx')))\n"
        "from cocoai.documents.readers.apart import read_apart\n"
        "print(read_apart(io.BytesIO(b'x'), 'a.md', 1)[0].text)\n"
        "for name in ('a.pdf', 'a.docx', 'a.xlsx', 'a.pptx'):\n"
        "    try: read_apart(io.BytesIO(b'x'), name, 1)\n"
        "    except Exception as error: print(error.code)\n"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert ["x", *["needs_extra"] * 4] == output.stdout.split()


def test_the_libraries_are_loaded_for_their_formats_alone() -> None:
    """Reading texts loads none of them, nor what a process of its own needs."""
    script = (
        "import sys, io\nfrom cocoai.documents.readers.apart import read_apart\n"
        "for name in ('a.md', 'a.txt', 'a.csv', 'a.html'): read_apart(io.BytesIO(b'x,y'), name, 3)\n"
        "print(sorted({'pypdf', 'docx', 'openpyxl', 'pptx', 'lxml', 'PIL'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert "[]" == output.stdout.strip()


def test_a_file_is_known_by_its_library() -> None:
    """Each format of the extra names one that is installed here."""
    assert {"pypdf", "docx", "openpyxl", "pptx"} == {form.library for form in formats.FORMATS.values() if form.library}
    assert all(form.is_readable() for form in formats.FORMATS.values())
