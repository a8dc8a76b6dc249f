"""decoding/text_files.py: decoding texts, damaged ones and short ones too, and refusing what is no text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.decoding.text_files import decode, decode_as, encoding_of

pytestmark = pytest.mark.pure

PROSE = "吾輩は猫である。名前はまだ無い。\r\nどこで生れたかとんと見当がつかぬ。\n"
CODE = 'def greet():\n\t"""あいさつする"""\n\treturn "こんにちは"\n'
LEDGER = "年月,金額,件数\n2026年1月,1000,3\n2026年2月,2500,髙橋㈱①\n"
SHORT = (
    "氏名,年齢\n",
    "名前,年齢\n髙橋,30\n",
    "髙橋,﨑山\n",
    "氏名\n齋藤\n渡邊\n廣瀬\n",
    "ﾃｽﾄ,ｶﾅ\n",
    "ﾌﾘｺﾐ ﾔﾏﾀﾞ ﾀﾛｳ 1000\n",
    "山田太郎,ﾔﾏﾀﾞ ﾀﾛｳ,03-1234\n",
    "月,火,水\n1,2,3\n",
    "A社,B社,C社\n1,2,3\n",
    "売上,100\n",
    "ID,名称,単価\nA-1,ボルト,100\n",
    "x=1 # 初期値\ny=2 # 終値\n",
    "Error: 許可がありません (code 5)\n",
    "①②③\n",
    "PDFを送る\n",
)
"""Texts of a line or a few, as in lists and logs."""

WESTERN = (
    "Er aß überall Käse, größer als Öfen; naïve café à côté de l'été.",
    "Straße und Fuß, Maß und Gruß.",
    "It’s “‘quoted’”: don’t, can’t, won’t.",
    "Name;Straße\nMüller;Hauptstraße 1\n",
    "prix: 10 €\n",
    "Año,Niño\n",
    "20 °C ± 2\n",
    "£100\n",
    "l’été",
    "ÉTÉ, CÔTÉ, NOËL",
    "São Paulo, Brasília",
)


@pytest.mark.parametrize("text", [PROSE, CODE, LEDGER, PROSE * 2000], ids=["prose", "code", "ledger", "long"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "iso2022_jp"]
)
def test_japanese_text_is_read_in_each_encoding(text: str, encoding: str) -> None:
    """The text is decoded unchanged and undamaged, without its byte order mark; UTF-16 may have none."""
    if encoding in ("euc_jp", "iso2022_jp"):
        text = text.replace("髙橋㈱①", "たかはし")  # what Python does not encode so
    decoded = decode(text.encode(encoding))

    assert decoded is not None
    assert (text, False) == (decoded.text, decoded.is_damaged)


@pytest.mark.parametrize("text", SHORT)
@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "iso2022_jp", "utf-8"])
def test_a_short_list_is_read(text: str, encoding: str) -> None:
    """A line or a few are enough, also names with rare kanji and half-width katakana."""
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("not in this encoding")
    decoded = decode(data)

    assert decoded is not None
    assert text == decoded.text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x1b$B-!|b\x1b(B\n", "①髙\n"),
        (b"\x1b$@F|K\\\x1b(J yen\n", "日本 yen\n"),
        (b"\x1b(I6E\x1b(B\n", "ｶﾅ\n"),
        (b"\x1b$(D0!\x1b(B\n", "丂\n"),
        (b"Subject: \x1b$B2q5D\x1b(B\r\n\r\nplain\r\n", "Subject: 会議\r\n\r\nplain\r\n"),
        (b"\x1b$B2q5D\nF|\x1b(B", "会議\n日"),
        ("日本語".encode() + b" \x1b$B2q5D\x1b(B", "日本語 会議"),
        (b"\xc6\xfc\xcb\xdc\xad\xa1\xfc\xe2\xa4\xce\n", "日本①髙の\n"),
        (b"\x8e\xb6\x8e\xc5 \xa4\xab\xa4\xca\n", "ｶﾅ かな\n"),
    ],
)
def test_characters_of_vendors_and_older_forms_are_read(data: bytes, expected: str) -> None:
    """① and 髙 are read in JIS and EUC too, so are half-width katakana, JIS X 0212, and a line without its end."""
    decoded = decode(data)

    assert decoded is not None
    assert expected == decoded.text


@pytest.mark.parametrize(
    "text", ["", "\n", "hello", "naïve café, Ελλάδα, Привет, 你好, 안녕 😀\n", "\x1b[31mred\x1b[0m\r\n\f\tx\b", "{}"]
)
def test_utf_8_is_text_in_any_language(text: str) -> None:
    """UTF-8 is text in any language, also an empty file and a terminal's log with its colours."""
    decoded = decode(text.encode())

    assert decoded is not None
    assert (text, "utf-8", False) == (decoded.text, decoded.encoding, decoded.is_damaged)


def test_a_terminals_log_is_no_mail() -> None:
    """A terminal's escape sequence that selects ASCII makes no ISO-2022-JP of a log."""
    log = "\x1b(B\x1b[m通常 done\n"
    decoded = decode(log.encode())

    assert decoded is not None
    assert log == decoded.text


@pytest.mark.parametrize("text", WESTERN)
def test_windows_1252_is_read(text: str) -> None:
    """Western European text is read, with its typographic quotes and signs."""
    decoded = decode(text.encode("cp1252"))

    assert decoded is not None
    assert (text, False) == (decoded.text, decoded.is_damaged)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PROSE.encode()[:7] + b"\xff" + PROSE.encode()[9:], None),
        (PROSE.encode()[:-5], None),
        (PROSE.encode()[:-6], None),
        (b"abc\xe3\x81", "abc\ufffd"),
        ("naïve café".encode() + b"\xc3", "naïve café\ufffd"),
        (b"hello \xff world", "hello \ufffd world"),
        (b"x" * 5000 + b"\x81" + b"x" * 5000, "x" * 5000 + "\ufffd" + "x" * 5000),
        (PROSE.encode("cp932") * 9 + b"\xff\n", PROSE * 9 + "\ufffd\n"),
        (PROSE.encode("euc_jp") * 9 + b"\xff\n", PROSE * 9 + "\ufffd\n"),
        (PROSE.encode("utf-16") + b"a", PROSE + "\ufffd"),
    ],
)
def test_a_bad_byte_is_replaced(data: bytes, expected: str | None) -> None:
    """One bad byte, or a character cut at the end, becomes U+FFFD; the rest is read, and the text counts as damaged."""
    decoded = decode(data)

    assert decoded is not None
    assert decoded.is_damaged
    assert "\ufffd" in decoded.text
    assert expected in (None, decoded.text)


def test_a_replacement_character_of_the_text_is_no_damage() -> None:
    """U+FFFD that stands in the file itself does not count as damage."""
    decoded = decode("broken by others: \ufffd\n".encode())

    assert decoded is not None
    assert not decoded.is_damaged


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", "cp1251"),
        ("база", "cp1251"),
        ("БАЗА ДАННЫХ", "cp1251"),
        ("съешь же ещё этих мягких французских булок, да выпей чаю.", "koi8-r"),
        ("Привет", "koi8-r"),
        ("中华人民共和国的首都是北京，人口很多。今天天气很好，我们去公园散步。", "gb2312"),
        ("姓名,年龄\n张三,30\n李四,25\n", "gbk"),
        ("你好", "gbk"),
        ("中華人民共和國的首都是北京，今天天氣很好，我們去公園散步。", "big5"),
        ("대한민국의 수도는 서울이다. 오늘은 날씨가 좋다.", "euc_kr"),
        ("이름,나이\n김철수,30\n", "euc_kr"),
        ("สวัสดีครับ วันนี้อากาศดี", "tis-620"),
        ("Καλημέρα κόσμε, τι κάνεις;", "cp1253"),
    ],
)
def test_other_alphabets_are_not_taken_for_japanese(text: str, encoding: str) -> None:
    """Text in another legacy encoding counts as unreadable instead of being decoded as nonsense."""
    assert decode(text.encode(encoding)) is None


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
        bytes(range(256)) * 20,
        b"\x00\x01" * 500,
    ],
)
def test_binary_data_is_no_text(data: bytes) -> None:
    """Binary data is no text, nor is UTF-16 with nothing but half a character or a lone surrogate."""
    assert decode(data) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932", "euc_jp"])
def test_a_cut_text_is_read_wherever_it_is_cut(encoding: str) -> None:
    """With `is_cut`, half a character at the end is left out, and is no damage."""
    data = PROSE.encode(encoding)
    heads = [decode(data[:length], is_cut=True) for length in range(len(data) - 8, len(data))]

    assert all(head and PROSE.startswith(head.text) and not head.is_damaged for head in heads)


@given(st.binary(max_size=600))
def test_any_bytes_can_be_decoded(data: bytes) -> None:
    """Any bytes are examined without an error; a decoded text can be encoded as UTF-8 and has no NUL."""
    for is_cut in (True, False):
        decoded = decode(data, is_cut=is_cut)

        assert "\0" not in (decoded.text if decoded else "").encode().decode()


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16-be", "cp932", "euc_jp", "iso2022_jp", "cp1252"]))
def test_any_bytes_can_be_decoded_as_any_encoding(data: bytes, encoding: str) -> None:
    """Whichever encoding was chosen for a beginning, any end of the file is decoded in it without an error."""
    decode_as(encoding, data)


@given(st.text(alphabet="あいうえおかきくけこアイウ日本語東京会議。、\n", min_size=8))
def test_text_with_kana_is_read_back(text: str) -> None:
    """Text of kana and common kanji is read back from Shift_JIS and EUC-JP."""
    text = f"これは{text}です。"
    for encoding in ("cp932", "euc_jp"):
        data = text.encode(encoding)

        assert encoding == encoding_of(data)
