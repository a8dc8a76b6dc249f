"""slack/model/files.py: reading file objects, and recognizing Slack's own addresses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.model.files import LONGEST_NAME, File, file_note, file_of, files_of, is_at_slack

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

API_URL = "https://slack.com/api/"

ENTRY = {
    "id": "F0PICTURE1",
    "name": "cat.png",
    "title": "A cat",
    "mimetype": "image/png",
    "size": 1234,
    "url_private": "https://files.slack.com/files-pri/T0-F0/cat.png",
    "url_private_download": "https://files.slack.com/files-pri/T0-F0/download/cat.png",
    "mode": "hosted",
}
VOICE = File("F0", kind="voice", text="何時ですか", is_whole=True, vtt="https://v", milliseconds=4000)
PICTURE = File("F0PICTURE1", "cat.png", "image/png", 1234, ENTRY["url_private_download"])  # type: ignore[arg-type]


def test_a_file_object_is_read() -> None:
    """The download address goes before the private one, and the name before the title."""
    assert PICTURE == file_of(ENTRY)
    assert ENTRY["url_private"] == file_of({**ENTRY, "url_private_download": None}).url
    assert "A cat" == file_of({**ENTRY, "name": None}).name


def test_another_organisations_file_is_a_stub() -> None:
    """A file of which Slack gives only the id is marked as a stub."""
    entry = {"id": "F0PICTURE1", "mode": "file_access", "file_access": "check_file_info"}

    assert (File("F0PICTURE1", is_stub=True),) == files_of({"files": [entry]})


@pytest.mark.parametrize(
    "files", [None, {}, "F0PICTURE1", [None, 1, "x", {}, {"id": ""}, {"id": 7}], [{"id": "F0", "mode": "tombstone"}]]
)
def test_odd_and_deleted_files_are_passed_over(files: object) -> None:
    """Entries that are no file objects, and tombstones of deleted files, are no files."""
    assert () == files_of({"files": files})


@pytest.mark.parametrize("size", [None, "1234", 0, -1, True, 12.5])
def test_an_odd_size_counts_as_unknown(size: object) -> None:
    """A size that is no positive whole number is 0."""
    assert 0 == file_of({**ENTRY, "size": size}).size


def test_a_file_survives_json() -> None:
    """A file that was written as JSON is read back unchanged."""
    assert PICTURE == File.from_facts(json.loads(json.dumps(PICTURE.facts())))
    assert VOICE == File.from_facts(json.loads(json.dumps(VOICE.facts())))


def test_files_of_an_earlier_version_are_read() -> None:
    """Facts without the fields that an earlier version did not know are read; one without a required field is not."""
    facts = {"id": "F0", "name": "a.png", "media_type": "image/png", "size": 1, "url": "https://x", "is_stub": False}

    assert File("F0", "a.png", "image/png", 1, "https://x") == File.from_facts(facts)
    assert facts == File("F0", "a.png", "image/png", 1, "https://x").facts()
    with pytest.raises(KeyError):
        File.from_facts({name: value for name, value in facts.items() if name != "url"})


def test_only_what_was_said_is_kept() -> None:
    """The words of a clip are in its facts, as they are the message; the content of other files is not."""
    email = file_of({"id": "F0", "filetype": "email", "plain_text": "secret"})
    snippet = file_of({"id": "F0", "mimetype": "text/plain", "preview": "secret"})

    assert ("secret" in email.text, "secret" in snippet.text) == (True, True)
    assert "secret" not in str((email.facts(), snippet.facts()))
    assert "何時ですか" in str(VOICE.facts())


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"mode": "canvas"}, "canvas"),
        ({"mode": "quip", "filetype": "quip"}, "canvas"),
        ({"mimetype": "application/vnd.slack-docs"}, "canvas"),
        ({"mode": "canvas", "is_huddle_canvas": True, "huddle_date_start": 1}, "canvas"),
        ({"subtype": "slack_audio", "mimetype": "video/mp4"}, "voice"),
        ({"subtype": "slack_audio", "mimetype": ""}, "voice"),
        ({"subtype": "slack_video", "mimetype": "video/webm"}, "video"),
        ({"mimetype": "audio/mpeg", "transcription": {"status": "complete"}}, "audio"),
        ({"mimetype": "video/mp4", "transcription": {"status": "none"}}, "video"),
        ({"mimetype": "video/mp4", "media_display_type": "audio", "transcription": {"status": "none"}}, "audio"),
        ({"filetype": "email", "mimetype": "text/html"}, "email"),
        ({"mode": "email"}, "email"),
        ({"mimetype": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, "office"),
        ({"mimetype": "application/vnd.ms-excel"}, "office"),
        ({"name": "報告.PPTX", "mimetype": "application/octet-stream"}, "office"),
        ({"name": "書類.jtd", "mimetype": "binary/octet-stream"}, "office"),
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, "office"),
        ({"mimetype": "audio/mpeg"}, "audio"),
        ({"mimetype": "image/heic", "name": "IMG.HEIC"}, ""),
        ({"mimetype": "text/plain", "name": "docx"}, ""),
        ({"transcription": [], "mode": 7, "filetype": None}, ""),
    ],
)
def test_a_file_is_known_for_what_it_is_to_slack(entry: dict[str, Any], kind: str) -> None:
    """Canvases, clips, e-mails and office files are known by Slack's words; a clip of sound may be called a video."""
    assert kind == file_of({"id": "F0", **entry}).kind


@pytest.mark.parametrize(
    ("transcription", "expected"),
    [
        ({"status": "complete", "preview": {"content": " hi ", "has_more": False}}, ("hi", True, False)),
        ({"status": "complete", "preview": {"content": "hi", "has_more": True}}, ("hi", False, False)),
        ({"status": "complete", "preview": {"content": "hi"}}, ("hi", False, False)),
        ({"status": "complete"}, ("", False, False)),
        ({"status": "processing", "preview": {"content": "h", "has_more": False}}, ("", False, True)),
        ({"status": "failed"}, ("", False, False)),
        ({"status": "complete", "preview": "hi"}, ("", False, False)),
        ("complete", ("", False, False)),
        (None, ("", False, False)),
        ({"status": "complete", "preview": {"content": "a" * 30_000, "has_more": False}}, ("a" * 20_000, False, False)),
    ],
)
def test_a_transcript_is_whole_only_if_slack_says_so(transcription: Any, expected: tuple[str, bool, bool]) -> None:
    """Words count once the transcript is complete; they are all only if `has_more` is false, and they are bounded."""
    clip = file_of({"id": "F0", "subtype": "slack_audio", "transcription": transcription, "vtt": "https://v"})
    is_complete = isinstance(transcription, dict) and transcription["status"] == "complete"

    assert (expected[0], expected[0] != "" and expected[1], expected[2]) == (
        clip.text,
        clip.text != "" and clip.is_whole,
        clip.is_pending,
    )
    assert ("https://v" if is_complete else "") == clip.vtt


@pytest.mark.parametrize(
    ("entry", "text", "is_whole"),
    [
        ({"mimetype": "text/plain", "preview": "abc", "preview_is_truncated": False}, "abc", True),
        ({"mimetype": "text/plain", "preview": "abc", "preview_is_truncated": True}, "abc", False),
        ({"mimetype": "text/plain", "preview": "<b>", "preview_plain_text": "b"}, "b", False),
        ({"filetype": "email", "title": "Re: x", "plain_text": "hi"}, "Subject: Re: x\n\nhi", True),
        ({"filetype": "email", "subject": "x", "from": [{"address": "a@b.c"}], "preview_plain_text": "h"}, None, False),
        ({"filetype": "email", "subject": "x", "plain_text": " "}, "", False),
        ({"filetype": "email", "plain_text": 7, "from": "a", "headers": []}, "", False),
        ({"mode": "canvas", "preview": "<div>"}, "", False),
    ],
)
def test_what_slack_tells_of_a_file_is_read(entry: dict[str, Any], text: str | None, is_whole: bool) -> None:
    """Previews of texts and the words of e-mails are read, with an e-mail's subject and people above."""
    file = file_of({"id": "F0", **entry})

    assert text in (None, file.text)
    assert is_whole == file.is_whole
    assert ("From: a@b.c" in file.text) == (text is None)


def test_addresses_of_what_slack_has_made_are_read() -> None:
    """The largest thumbnail and the PDF are read; of a canvas the private address goes before the download."""
    thumbnails = {"thumb_64": "https://s/64", "thumb_360": "https://s/360", "thumb_720": "https://s/720"}

    assert "https://s/720" == file_of({**ENTRY, **thumbnails}).picture
    assert "https://s/1024" == file_of({**ENTRY, **thumbnails, "thumb_1024": "https://s/1024"}).picture
    assert "" == file_of({**ENTRY, "thumb_64": "https://s/64", "thumb_1024": 7}).picture
    assert "https://s/pdf" == file_of({**ENTRY, "converted_pdf": "https://s/pdf"}).pdf
    assert ENTRY["url_private"] == file_of({**ENTRY, "mode": "canvas"}).url


def test_files_of_a_shared_message_are_files_of_the_message() -> None:
    """A forwarded message's files are found, behind the message's own, each once."""
    other = {**ENTRY, "id": "F0OTHER001"}
    message = {"files": [ENTRY], "attachments": [{"is_share": True, "files": [ENTRY, other]}, {"files": "none"}, 7]}

    assert ["F0PICTURE1", "F0OTHER001"] == [file.id for file in files_of(message)]


@pytest.mark.parametrize(
    ("file", "name", "expected"),
    [
        (File("F0", "a.txt"), "a.txt", "[attached: a.txt, not read, it belongs to an earlier message]"),
        (File("F0"), "", "[attached: a file, not read, it belongs to an earlier message]"),
        (File("F0", kind="voice"), "a.m4a", "[attached: a.m4a, not read, it belongs to an earlier message]"),
        (
            File("F0", kind="voice", text="a\nb", milliseconds=75_999),
            "x",
            "[transcript of a voice clip of 1:15, by Slack: “a b”]",
        ),
        (File("F0", kind="video", text="a" * 9000), "x", f"[transcript of a video clip, by Slack: “{'a' * 2000}”]"),
    ],
)
def test_a_file_of_an_earlier_message_has_a_line(file: File, name: str, expected: str) -> None:
    """A file is named as not read; the words of a clip are quoted, at most 2,000 characters."""
    assert expected == file_note(file, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("報告　書.pdf", "報告 書.pdf"),
        ("a\r\nb\tc\u2028d.txt", "a b c d.txt"),
        ("\x00\x1b[31ma\u202egnp.exe\u2066", "[31magnp.exe"),
        ("  \n ", ""),
        ("\ud83d.png", "?.png"),
        ("é" * LONGEST_NAME, "é" * LONGEST_NAME),
        ("長" * 100 + ".tar.gz", "長" * 67 + "…" + "長" * 5 + ".tar.gz"),
    ],
)
def test_a_name_can_be_shown_to_anybody(name: str, expected: str) -> None:
    """A name is one short line without invisible characters, and keeps its ending."""
    assert expected == file_of({**ENTRY, "name": name}).name


@given(st.text())
def test_no_name_is_too_long_or_has_more_than_one_line(name: str) -> None:
    """Any name becomes at most LONGEST_NAME printable characters."""
    shown = file_of({"id": "F0", "name": name}).name

    assert len(shown) <= LONGEST_NAME
    assert shown.isprintable()


@pytest.mark.parametrize(
    "url",
    [
        "https://files.slack.com/files-pri/T0-F0/download/cat.png",
        "https://files.slack.com:443/files-pri/T0-F0/cat.png?pub_secret=0&x=%20",
        "https://a.slack-edge.com/",
        "https://A.B.Slack.Com/x",
        "https://slack.com/files",
    ],
)
def test_slacks_own_addresses_are_recognized(url: str) -> None:
    """Addresses on Slack's hosts over https may see the token."""
    assert is_at_slack(url, API_URL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "files.slack.com/x",
        "http://files.slack.com/x",
        "ftp://files.slack.com/x",
        "https://files.slack.com",
        "https://files.slack.com:8443/x",
        "https://files.slack.com:/x",
        "https://files.slack.com./x",
        "https://slack.com.evil.example/x",
        "https://evilslack.com/x",
        "https://.slack.com/x",
        "https://slack-edge.com/x",
        "https://files.slack.com.evil.example/x",
        "https://evil.example/files.slack.com/x",
        "https://evil.example#.slack.com/x",
        "https://evil.example?.slack.com/x",
        "https://evil.example\\.slack.com/x",
        "https://evil.example\\@files.slack.com/x",
        "https://user@files.slack.com/x",
        "https://user:word@files.slack.com/x",
        "https://files.slack.com@evil.example/x",
        "https://slack.com@evil.example/x",
        "https://slack.com:443/x",
        "https://ｆiles.slack.com/x",
        "https://files.ſlack.com/x",
        "https://files.slack.com/a b",
        "https://files.slack.com/a\r\nX: y",
        "https://files.slack.com/あ",
        "https://slack.com/a\n",
        "\thttps://files.slack.com/x",
        "https:///files.slack.com/x",
        "//files.slack.com/x",
    ],
)
def test_addresses_that_never_see_the_token(url: str) -> None:
    """Addresses that any parser could read as another host, port or scheme never see the token."""
    assert not is_at_slack(url, API_URL)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://127.0.0.1:8443/files-pri/x", True),
        ("https://127.0.0.1:8444/files-pri/x", False),
        ("https://127.0.0.1:84433/x", False),
        ("https://127.0.0.1/x", False),
        ("https://localhost:8443/x", False),
        ("http://127.0.0.1:8443/x", False),
        ("https://slack.com/x", False),
        ("https://files.slack.com/x", True),
    ],
)
def test_the_server_of_the_settings_is_one_host_one_port_and_one_scheme(url: str, expected: bool) -> None:
    """With another server in the settings, that server may see the token, and the bare host slack.com may not."""
    assert expected == is_at_slack(url, "https://127.0.0.1:8443/api/")


@given(
    st.dictionaries(
        st.sampled_from([*ENTRY, "file_access", "preview", "thumb_360", "converted_pdf", "duration_ms"]),
        st.one_of(st.text(), st.integers(), st.none()),
    )
)
def test_any_file_object_can_be_read_and_written(entry: dict[str, Any]) -> None:
    """Any values in a file object give files that survive JSON and UTF-8."""
    for file in files_of({"files": [entry]}):
        assert replace(file, text="", is_whole=False) == File.from_facts(json.loads(json.dumps(file.facts())))
        json.dumps(file.facts(), ensure_ascii=False).encode()


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from(["complete", "email"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["status", "preview", "content", "has_more", "date", "original"]), inner),
    ),
    max_leaves=8,
)
KEYS = (
    *("transcription", "preview", "from", "to", "headers", "plain_text", "mode", "filetype", "mimetype", "subtype"),
    *("media_display_type", "duration_ms", "thumb_1024", "converted_pdf", "vtt", "subject", "name"),
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_json_describes_a_file(entry: dict[str, Any]) -> None:
    """Whatever stands in a file object's fields, the file can be kept, read back and named."""
    file = file_of({"id": "F0", **entry})

    assert replace(file, text="", is_whole=False) == replace(File.from_facts(file.facts()), text="", is_whole=False)
    assert file_note(file, file.name).startswith("[")
    (file.text + file_note(file, file.name)).encode()
