"""slack/model/files.py: what Slack tells of a file, and whose an address is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.model.files import LONGEST_NAME, File, file_of, files_of, is_at_slack

pytestmark = pytest.mark.pure

API_URL = "https://slack.com/api/"

TOLD = {
    "id": "F0PICTURE1",
    "name": "cat.png",
    "title": "A cat",
    "mimetype": "image/png",
    "size": 1234,
    "url_private": "https://files.slack.com/files-pri/T0-F0/cat.png",
    "url_private_download": "https://files.slack.com/files-pri/T0-F0/download/cat.png",
    "mode": "hosted",
}
PICTURE = File("F0PICTURE1", "cat.png", "image/png", 1234, TOLD["url_private_download"])  # type: ignore[arg-type]


def test_a_file_is_what_slack_tells_of_it() -> None:
    """The address to download it from, where there is one."""
    assert PICTURE == file_of(TOLD)
    assert TOLD["url_private"] == file_of({**TOLD, "url_private_download": None}).url
    assert "A cat" == file_of({**TOLD, "name": None}).name


def test_a_stub_of_another_organisations_file_says_so() -> None:
    """Slack Connect tells the id and no more."""
    told = {"id": "F0PICTURE1", "mode": "file_access", "file_access": "check_file_info"}

    assert (File("F0PICTURE1", is_stub=True),) == files_of({"files": [told]})


@pytest.mark.parametrize(
    "files", [None, {}, "F0PICTURE1", [None, 1, "x", {}, {"id": ""}, {"id": 7}], [{"id": "F0", "mode": "tombstone"}]]
)
def test_what_is_no_file_is_passed_over(files: object) -> None:
    """Odd things, and what was deleted."""
    assert () == files_of({"files": files})


@pytest.mark.parametrize("size", [None, "1234", 0, -1, True, 12.5])
def test_an_odd_size_is_none(size: object) -> None:
    """Nobody counts on it then."""
    assert 0 == file_of({**TOLD, "size": size}).size


def test_a_file_survives_json() -> None:
    """It is read again from the spool."""
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
    """In one line, with nothing hidden in it, and short; its ending stays."""
    assert expected == file_of({**TOLD, "name": name}).name


@given(st.text())
def test_no_name_is_too_long_or_has_more_than_one_line(name: str) -> None:
    """Whatever somebody calls a file."""
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
def test_slacks_own_addresses(url: str) -> None:
    """Its hosts, over https; and the server that the settings name."""
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
    """Whatever one parser or another would make of them."""
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
    """A practice Slack serves its files itself; slack.com is then a stranger."""
    assert expected == is_at_slack(url, "https://127.0.0.1:8443/api/")


@given(st.dictionaries(st.sampled_from([*TOLD, "file_access"]), st.one_of(st.text(), st.integers(), st.none())))
def test_whatever_slack_tells_nothing_breaks(told: dict[str, Any]) -> None:
    """And all of it can be written down."""
    for file in files_of({"files": [told]}):
        assert file == File.from_facts(json.loads(json.dumps(file.facts())))
        json.dumps(file.facts(), ensure_ascii=False).encode()
