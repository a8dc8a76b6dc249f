"""The page with the keyboard and a screen reader: landmarks, names, and messages that are walked by arrow keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]


FOCUSED = """
    const at = document.activeElement;
    return at.matches('.message') ? at.querySelector('.text').innerText : ''"""
EMPTY = """
    const lists = [...document.querySelectorAll('ul, ol, .reactions')];
    return lists.filter((each) => each.checkVisibility() && !each.children.length).length"""


def focused(reader: Reader) -> str:
    """Return the text of the message that has the focus itself; "" if none has."""
    return str(reader.script(FOCUSED))


def test_arrow_keys(reader: Reader, slack: PracticeSlack) -> None:
    """Tab enters the list at its newest message; Up, Down, Home and End walk it, and Tab comes back to the last."""
    for number in range(4):
        slack.say("U0ASKER01", f"message {number}")
    reader.opens(slack.url)
    reader.sees("#channel .text", "message 3")
    reader.script("document.getElementById('channel-name').focus()")
    reader.tabs_to("#channel .message")
    walked = [focused(reader)]
    for key in (Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_DOWN, Keys.HOME, Keys.ARROW_UP, Keys.END, Keys.ARROW_DOWN):
        reader.types(key)
        walked.append(focused(reader))

    assert [3, 2, 1, 2, 0, 0, 3, 3] == [int(each.removeprefix("message ")) for each in walked]
    assert 1 == reader.script("return document.querySelectorAll('#channel .message[tabindex=\"0\"]').length")
    slack.say("U0ASKER02", "message 4")
    reader.sees("#channel .text", "message 4")
    assert "message 3" == focused(reader)


def test_arrow_keys_scroll_code(reader: Reader, slack: PracticeSlack) -> None:
    """In a code block the arrow keys belong to it."""
    slack.say("U0ASKER01", "first")
    slack.say("U0ASKER01", "```code```")
    reader.opens(slack.url)
    reader.sees("#channel pre")
    reader.script("document.querySelector('#channel pre').focus()")
    reader.types(Keys.ARROW_UP)

    assert reader.script("return document.activeElement.matches('pre')")


def test_a_deleted_message_hands_on_the_focus(reader: Reader, slack: PracticeSlack) -> None:
    """When the focused message is deleted, the one beside it takes the focus."""
    slack.say("U0ASKER01", "stays")
    gone = slack.say("U0ASKER02", "goes")
    reader.opens(slack.url)
    reader.sees("#channel .text", "goes")
    reader.script("document.querySelector('#channel .message:last-child').focus()")
    slack.delete("C0PRACTICE", gone.ts)
    reader.waits("document.querySelectorAll('#channel .message').length === 1")

    assert "stays" == focused(reader)


def test_no_empty_lists(reader: Reader, slack: PracticeSlack, act: Callable[..., str]) -> None:
    """No list without items is in the page, nor is a row of reactions without one."""
    reader.opens(slack.url)
    assert 0 == reader.script(EMPTY)

    act("chat.postMessage", channel="C0PRACTICE", text="hi")
    reader.sees("#channel .text", "hi")
    assert 0 == reader.script(EMPTY)


def test_names_of_thread_buttons(reader: Reader, slack: PracticeSlack) -> None:
    """The buttons that open threads are named by their message's beginning, and so are its picker and its menu."""
    slack.say("U0ASKER01", "How do I *undo* a commit in git when it has already been pushed?")
    parent = slack.say("U0ASKER01", "lunch")
    slack.say("U0ASKER02", "yes", thread_ts=parent.ts)
    reader.opens(slack.url)
    reader.sees("#channel .replies")
    names = [each.accessible_name for each in reader.browser.find_elements(By.CSS_SELECTOR, "#channel .foot button")]

    assert "Reply in a thread: How do I undo a commit in git when it ha…" == names[0]
    assert "Add a reaction: How do I undo a commit in git when it ha…" == names[1]
    assert "More actions: How do I undo a commit in git when it ha…" == names[2]
    assert names[3].startswith("1 reply ")
    assert names[3].endswith(": lunch")


@pytest.mark.parametrize(
    ("text", "label", "name"),
    [
        ("Delete", "Delete this reply", "Delete this reply"),
        ("Ask again", "Answer this question again", "Ask again: Answer this question again"),
        ("👍", "This helped", "This helped"),
        ("Stop", "", "Stop"),
    ],
)
def test_labels_hold_what_is_shown(reader: Reader, slack: PracticeSlack, text: str, label: str, name: str) -> None:
    """A button's label for screen readers holds the words that it shows, so that it can be called by them."""
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": text}, "value": "v"}
    button |= {"accessibility_label": label} if label else {}
    blocks = ({"type": "actions", "block_id": "b", "elements": [button]},)
    slack.workspace.post("C0PRACTICE", "U0COCOAI", "so", blocks=blocks)
    reader.opens(slack.url)

    assert name == reader.sees("#channel .press").accessible_name


@pytest.mark.parametrize("width", [1280, 390])
def test_landmarks(reader: Reader, slack: PracticeSlack, width: int) -> None:
    """There is one main landmark at every width, with a thread open and without."""
    parent = slack.say("U0ASKER01", "hi")
    for place in ("", f"/{parent.ts}"):
        reader.opens(slack.url, width=width, height=844)
        reader.script("location.hash = arguments[0]", f"C0PRACTICE{place}")
        reader.sees("#thread .text" if place else "#channel .text", "hi")
        tree = reader.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        roles = [each["role"]["value"] for each in tree if not each["ignored"]]

        assert (1, 1) == (roles.count("main"), roles.count("navigation"))


FILE_TYPES = [
    ("plan.PDF", "application/pdf", "PDF", "PDF"),
    ("a.png", "image/png", "Image (PNG)", "画像 (PNG)"),
    ("a.jpg", "image/jpeg", "Image (JPEG)", "画像 (JPEG)"),
    ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word document", "Word 文書"),
    ("a.xlsx", "", "Excel workbook", "Excel ブック"),
    ("a.pptx", "", "PowerPoint presentation", "PowerPoint スライド"),
    ("notes.txt", "text/plain", "Text", "テキスト"),
    ("a.csv", "text/csv", "Table (CSV)", "表 (CSV)"),
    ("a.py", "text/x-python", "Code (Python)", "プログラム (Python)"),
    ("a.zip", "application/zip", "Archive (ZIP)", "圧縮ファイル (ZIP)"),
    ("clip.m4a", "audio/mp4", "Audio (M4A)", "音声 (M4A)"),
    ("a.mp4", "video/mp4", "Video (MP4)", "動画 (MP4)"),
    ("noname", "application/pdf", "PDF", "PDF"),
    ("noname", "image/x-icon", "Image (ICON)", "画像 (ICON)"),
    ("a.xyz", "application/octet-stream", "XYZ file", "XYZ ファイル"),
    ("a.constructor", "application/octet-stream", "File", "ファイル"),
    ("noname", "application/octet-stream", "File", "ファイル"),
]


@pytest.mark.parametrize(("language", "column"), [("en-US", 2), ("ja", 3)])
def test_file_types(reader: Reader, slack: PracticeSlack, language: str, column: int) -> None:
    """The type of a file is told in words that people use."""
    reader.opens(slack.url, language)
    told = reader.browser.execute_async_script(
        """
        const [files, done] = arguments;
        import("/file_types.js").then(({ fileType }) => done(files.map(([name, type]) => fileType(name, type))));""",
        [row[:2] for row in FILE_TYPES],
    )

    assert [row[column] for row in FILE_TYPES] == told
