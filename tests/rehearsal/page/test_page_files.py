"""Files in the browser: chosen, pasted or dropped, sent with a text, and shown below it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.page.action_fields import MOST_BYTES
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]

DOT = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=")
"""An image of one pixel (GIF)."""
ADD_FILES = """
    const [name, size, count, kind] = arguments;
    const transfer = new DataTransfer();
    for (let n = 0; n < count; n++) transfer.items.add(new File([new Uint8Array(size)], name, {type: 'text/plain'}));
    const options = {bubbles: true, cancelable: true};
    document.querySelector('#channel-write textarea').dispatchEvent(kind === 'paste'
      ? new ClipboardEvent('paste', {...options, clipboardData: transfer})
      : new DragEvent('drop', {...options, dataTransfer: transfer}));"""


def test_chosen_files(reader: Reader, slack: PracticeSlack, tmp_path: Path) -> None:
    """Chosen files are listed until they are sent; an image is shown, other files are listed with name and size."""
    files = {"点.gif": DOT, "notes.txt": b"x" * 2048}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    reader.opens(slack.url)
    assert "Attach files" == reader.sees("#channel-write .attach").accessible_name
    reader.browser.find_element(By.CSS_SELECTOR, "#channel-write .choose").send_keys(
        "\n".join(str(tmp_path / name) for name in files)
    )
    reader.sees("#channel-write .chip", "notes.txt")
    reader.waits("document.activeElement.form?.id === 'channel-write'")
    reader.types("@CocoAI look", Keys.ENTER)
    message = slack.wait_for(slack.messages)[0]

    assert "<@U0COCOAI> look" == message.text
    assert files == {each.name: each.data for each in message.files}
    assert ["image/gif", "text/plain"] == [each.media_type for each in message.files]
    reader.sees("#thread .file", "notes.txt\nText · 2 KB")
    reader.waits("document.querySelector('#thread .file img')?.naturalWidth === 1")
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel-write .chip")


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pasted_and_dropped_files(reader: Reader, slack: PracticeSlack, kind: str) -> None:
    """Pasted and dropped files are sent unless they are removed; no text is needed."""
    reader.opens(slack.url)
    reader.script(ADD_FILES, "a.txt", 3, 2, kind)
    reader.sees("#channel-write .chip .off").click()
    reader.waits("document.querySelectorAll('#channel-write .chip').length === 1")
    reader.sees("#channel-write .send").click()
    message = slack.wait_for(slack.messages)[0]

    assert ("", [("a.txt", b"\0\0\0")]) == (message.text, [(each.name, each.data) for each in message.files])


def test_too_many_files(reader: Reader, slack: PracticeSlack) -> None:
    """More or larger files than one message may have are refused; the most that it may have is sent."""
    reader.opens(slack.url)
    reader.script(ADD_FILES, "a.txt", 1, 11, "paste")
    reader.sees("#channel-write .refused", "At most 10 files")
    reader.script(ADD_FILES, "a.txt", MOST_BYTES + 1, 1, "paste")
    reader.sees("#channel-write .refused", "5.9 MB together" if MOST_BYTES < 6 * 1024**2 else "6 MB together")
    reader.script(ADD_FILES, "a.txt", MOST_BYTES, 1, "paste")
    reader.sees("#channel-write .chip")
    reader.sees("#channel-write .send").click()

    assert MOST_BYTES == len(slack.wait_for(slack.messages)[0].files[0].data)


def test_files_after_a_failed_request(reader: Reader, slack: PracticeSlack) -> None:
    """Files that could not be sent are put back with the text."""
    reader.opens(slack.url)
    reader.script("window.fetch = () => Promise.reject(new Error('away'))")
    reader.script(ADD_FILES, "a.txt", 3, 1, "paste")
    reader.sees("#channel-write textarea").send_keys("look", Keys.ENTER)
    reader.sees("#channel-write .refused", "could not be sent")

    assert "a.txt" in reader.sees("#channel-write .chip").text
    assert "look" == reader.sees("#channel-write textarea").get_property("value")
    assert slack.messages() == ()


def test_deleted_file(reader: Reader, slack: PracticeSlack) -> None:
    """A deleted file is shown as deleted."""
    message = slack.share("U0ASKER02", "look", [PracticeFile("a.txt", "text/plain", b"a")])
    reader.opens(slack.url)
    reader.sees("#channel .file", "a.txt")
    slack.delete_file(message.files[0].id)

    reader.sees("#channel .gone", "This file was deleted.")
