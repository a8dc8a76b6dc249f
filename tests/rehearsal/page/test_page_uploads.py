"""The bot's own files in the browser: a picture appears when Slack shows it, and goes when it is deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import requests
from selenium.webdriver.common.by import By

from cocoai.drawing.canvas import Canvas
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = pytest.mark.browser

PICTURE = "#thread .file img"
Upload = Callable[[str], str]


def drawing() -> bytes:
    """Return a picture (PNG) of 1536 by 1024 pixels: a sun over hills."""
    canvas = Canvas(1536, 1024, ("#8ecae6", "#ffb703", "#2a9d8f", "#264653"))
    canvas.rectangle(1080, 140, 240, 240, 1)
    for n in range(24):
        canvas.rectangle(n * 64, 560 + abs(n - 9) * 18, 64, 464, 2 + n % 2)
    return canvas.png()


@pytest.fixture
def upload(slack: PracticeSlack) -> Iterator[Upload]:
    """Return a function that uploads a picture as the bot, into the thread with this ts; it returns the file's id."""
    with requests.Session() as session:
        session.trust_env = False

        def call(method: str, **arguments: str) -> dict[str, str]:
            headers = {"Authorization": "Bearer xoxb-practice"}
            reply: dict[str, str] = session.post(slack.api_url + method, arguments, headers=headers).json()
            assert reply["ok"], reply
            return reply

        def bring(thread_ts: str) -> str:
            data = drawing()
            named = {"filename": "hills.png", "length": str(len(data)), "alt_txt": "A sun over green hills"}
            begun = call("files.getUploadURLExternal", **named)
            assert 200 == session.post(begun["upload_url"], data).status_code
            files = json.dumps([{"id": begun["file_id"], "title": "Hills in summer"}])
            call("files.completeUploadExternal", files=files, channel_id="C0PRACTICE", thread_ts=thread_ts)
            return begun["file_id"]

        yield bring


def opened(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> str:
    """Open the page and in it a thread with a question and a placeholder; return its ts."""
    parent = slack.say("U0ASKER01", "<@U0COCOAI> draw hills in summer")
    act("chat.postMessage", channel="C0PRACTICE", text="One moment", thread_ts=parent.ts)
    reader.opens(slack.url)
    reader.sees("#channel .replies").click()
    reader.sees("#thread .message", "One moment")
    return parent.ts


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, reader: Reader) -> Iterator[str]:
    """Let the browser prefer light or dark pages; afterwards neither."""
    chosen = str(request.param)
    reader.browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": chosen}]}
    )
    yield chosen
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_picture_of_the_bot(
    reader: Reader, slack: PracticeSlack, act: Callable[..., str], upload: Upload, scheme: str
) -> None:
    """It appears without a reload once Slack shows it, whole, behind a later post; a deleted file leaves a notice."""
    slack.switches.share_delay = None
    thread_ts = opened(reader, slack, act)
    file_id = upload(thread_ts)
    act("chat.postMessage", channel="C0PRACTICE", text="Here you are.", thread_ts=thread_ts)
    reader.sees("#thread .message", "Here you are.")
    before = reader.browser.find_elements(By.CSS_SELECTOR, PICTURE)
    slack.show_uploads()
    image = reader.sees(PICTURE)
    reader.waits(f"document.querySelector('{PICTURE}')?.naturalWidth === 1536")

    assert ([], "A sun over green hills", 200) == (before, image.accessible_name, image.size["height"])
    assert "Hills in summer · Image (PNG)" in reader.sees("#thread .file").text
    assert scheme == ("dark" if reader.script("return matchMedia('(prefers-color-scheme: dark)').matches") else "light")
    assert 0 == reader.overflow()
    slack.delete_file(file_id)
    reader.sees("#thread .gone", "This file was deleted.")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, PICTURE)
    assert reader.script("return window.sameAsBefore")


@pytest.mark.long
def test_a_picture_whose_message_is_deleted(
    reader: Reader, slack: PracticeSlack, act: Callable[..., str], upload: Upload
) -> None:
    """It vanishes with its message, though its file is still there."""
    slack.switches.share_delay = 0.0
    file_id = upload(opened(reader, slack, act))
    reader.sees(PICTURE)
    act("chat.delete", channel="C0PRACTICE", ts=slack.messages()[-1].ts)
    reader.waits(f"!document.querySelector('{PICTURE}') && document.querySelectorAll('#thread .message').length === 2")

    assert not slack.workspace.files[file_id].is_deleted
