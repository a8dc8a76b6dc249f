"""slack/model/files.py: reading file objects, and recognizing Slack's own addresses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.model.files import LONGEST_NAME, File, file_of, files_of, is_at_slack

pytestmark = pytest.mark.pure

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


@given(st.dictionaries(st.sampled_from([*ENTRY, "file_access"]), st.one_of(st.text(), st.integers(), st.none())))
def test_any_file_object_can_be_read_and_written(entry: dict[str, Any]) -> None:
    """Any values in a file object give files that survive JSON and UTF-8."""
    for file in files_of({"files": [entry]}):
        assert file == File.from_facts(json.loads(json.dumps(file.facts())))
        json.dumps(file.facts(), ensure_ascii=False).encode()
