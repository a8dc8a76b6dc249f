"""What the practice Slack refuses of uploads, and the faults that one can meet."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from slack_sdk import WebClient

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from tests.rehearsal.slack.conftest import Act
from tests.rehearsal.slack.refusals import refusal
from tests.rehearsal.slack.uploading import PNG, Post, begun, complete, uploaded

NOBODY = "F0NOTHING"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"length": 5}, "invalid_arguments"),
        ({"filename": "a.png"}, "invalid_arguments"),
        ({"filename": "", "length": 5}, "invalid_arguments"),
        ({"filename": "a.png", "length": "-5"}, "invalid_arguments"),
        ({"filename": "a.png", "length": "five"}, "invalid_arguments"),
        ({"filename": "a.png", "length": 0}, "missing_argument"),
        ({"filename": "a.png", "length": 2**40}, "file_upload_size_restricted"),
        ({"filename": "a.png", "length": 5, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
def test_a_file_that_cannot_be_announced(web: WebClient, arguments: dict[str, Any], error: str) -> None:
    """A name and a length are needed, and neither the file nor its description may be too long."""
    assert (200, error) == refusal(lambda: web.api_call("files.getUploadURLExternal", data=arguments))


def test_json_announces_nothing(act: Act) -> None:
    """files.getUploadURLExternal takes a form alone: JSON's arguments are not seen."""
    assert "invalid_arguments" == act("files.getUploadURLExternal", filename="a.png", length=5)["error"]


def test_an_upload_of_another_length(web: WebClient, post: Post) -> None:
    """More or fewer bytes than were announced are refused, and the address is used up; so the file is not there."""
    for body in (PNG[:-1], PNG + b"x", b""):
        url, file_id = begun(web)

        assert [400, 404] == [post(url, body).status_code, post(url, PNG).status_code]
        assert (200, "file_not_found") == refusal(lambda: complete(web, file_id))  # noqa: B023 (called at once)


def test_an_address_is_good_for_one_upload(web: WebClient, post: Post, session: requests.Session) -> None:
    """The bytes can be sent once, by POST; the answer counts them. An unknown address is refused."""
    url, _ = begun(web)
    first = post(url, PNG)

    assert (200, f"OK - {len(PNG)}") == (first.status_code, first.text)
    assert [404, 404] == [post(url, PNG).status_code, post(f"{url}x", PNG).status_code]
    assert 404 == session.get(begun(web)[0]).status_code


def test_faults_of_an_upload(slack: PracticeSlack, web: WebClient, post: Post) -> None:
    """An upload can meet a fault too: a server's error takes nothing, and a lost reply does not undo it."""
    url, file_id = begun(web)
    slack.fail("upload", SlackFault("broken"))
    slack.fail("upload", SlackFault("reply lost"))

    assert 500 == post(url, PNG).status_code
    with pytest.raises(requests.ConnectionError):
        post(url, PNG)
    assert file_id == complete(web, file_id)["files"][0]["id"]
    assert ["broken", "reply lost"] == [call.outcome for call in slack.calls if call.method == "upload"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "invalid_arguments"),
        ({"files": "F0"}, "invalid_arguments"),
        ({"files": "[]"}, "invalid_arguments"),
        ({"files": '["F0"]'}, "invalid_arguments"),
        ({"files": '[{"title": "a"}]'}, "invalid_arguments"),
        ({"files": f'[{{"id": "{NOBODY}"}}]'}, "file_not_found"),
    ],
)
def test_files_that_cannot_be_completed(web: WebClient, arguments: dict[str, str], error: str) -> None:
    """`files` is a list of objects with the ids of uploads."""
    assert (200, error) == refusal(lambda: web.api_call("files.completeUploadExternal", data=arguments))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channel_id": "C0OUTSIDE"}, "not_in_channel"),
        ({"channel_id": "C0ARCHIVED"}, "is_archived"),
        ({"thread_ts": "1.0"}, "invalid_arguments"),
        ({"channels": ["C0PRACTICE", "C0SHARED"], "thread_ts": "1.0"}, "invalid_arguments"),
        ({"channel_id": "C0PRACTICE", "blocks": "x"}, "invalid_blocks"),
        ({"channel_id": "C0PRACTICE", "blocks": "[1]"}, "invalid_blocks"),
    ],
)
def test_places_that_are_refused(web: WebClient, post: Post, arguments: dict[str, Any], error: str) -> None:
    """The bot must be in the channel, and a thread needs its one channel; the file can still be completed then."""
    file_id = uploaded(web, post)

    assert (200, error) == refusal(lambda: complete(web, file_id, **arguments))
    assert complete(web, file_id)["ok"]


def test_a_file_is_completed_too_early(web: WebClient) -> None:
    """A file whose bytes have not come is not found, by no method."""
    _, file_id = begun(web)

    assert (200, "file_not_found") == refusal(lambda: complete(web, file_id))
    assert (200, "file_not_found") == refusal(lambda: web.files_info(file=file_id))
    assert (200, "file_not_found") == refusal(lambda: web.files_delete(file=file_id))
