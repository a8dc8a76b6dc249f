"""A table that is pasted into the box, from a spreadsheet or as text with tabs."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

pytestmark = [pytest.mark.browser, pytest.mark.long]

PASTE = """
    const [contents] = arguments;
    const transfer = new DataTransfer();
    for (const [type, text] of Object.entries(contents)) transfer.setData(type, text);
    const event = new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: transfer});
    document.querySelector('#channel-write textarea').dispatchEvent(event);
    return event.defaultPrevented"""
SHEET = """<html><head><style>td { color: red }</style></head><body><!--StartFragment--><table>
    <tr><td>品名</td><td>円</td></tr><tr><td>お茶<br>（缶）</td><td>120&nbsp;</td></tr>
    </table><!--EndFragment--></body></html>"""
TABLE = [
    ({"text/html": SHEET, "text/plain": "品名\t円"}, [["品名", "円"], ["お茶\n（缶）", "120"]]),
    ({"text/plain": "item\tyen\r\ntea\t120\r\n"}, [["item", "yen"], ["tea", "120"]]),
    ({"text/plain": "item\t\ntea\t120"}, [["item", ""], ["tea", "120"]]),
    ({"text/html": "<table><tr><td colspan=2>both</td></tr><tr><td>a</td></tr></table>"}, [["both", ""], ["a", ""]]),
    ({"text/html": "<table><tr><td>alone</td></tr></table>", "text/plain": "alone"}, None),
    ({"text/html": "<p>see</p><table><tr><td>a</td><td>b</td></tr></table>", "text/plain": "see\na\tb"}, None),
    ({"text/plain": "one line\twith a tab"}, None),
    ({"text/plain": "\tif x:\n\t\treturn"}, None),
    ({"text/plain": "\tone()\n\ttwo()"}, None),
    ({"text/plain": "a\tb\nc"}, None),
    ({"text/plain": "plain words"}, None),
]


def test_what_is_a_table(reader: Reader, slack: PracticeSlack) -> None:
    """Cells are a table; an article with a table in it, indented code and a lone tab are text."""
    reader.opens(slack.url)
    read = reader.browser.execute_async_script(
        """
        const [contents, done] = arguments;
        import("/pasted_table.js").then(({ pastedTable }) => done(contents.map((each) => {
          const transfer = new DataTransfer();
          for (const [type, text] of Object.entries(each)) transfer.setData(type, text);
          return pastedTable(transfer);
        })));""",
        [contents for contents, _ in TABLE],
    )

    assert [rows for _, rows in TABLE] == read


def test_pasted_table(reader: Reader, slack: PracticeSlack) -> None:
    """A pasted table is listed, sent as Slack's table block, and shown as a table with its first row as headings."""
    reader.opens(slack.url)
    assert reader.script(PASTE, {"text/html": SHEET})
    reader.sees("#channel-write .chip", "Table\n2 × 2 cells")
    reader.sees("#channel-write textarea").send_keys("@CocoAI add up", Keys.ENTER)
    reader.sees("#thread td", "120")
    message = slack.messages()[0]
    event = slack.payloads[0]["event"]

    assert "table" == message.attachments[0]["blocks"][0]["type"] == event["attachments"][0]["blocks"][0]["type"]
    assert ["品名", "円"] == [each.text for each in reader.browser.find_elements(By.CSS_SELECTOR, "#thread th")]
    assert "Table" == reader.sees("#thread .wide").accessible_name
    assert [] == reader.browser.find_elements(By.CSS_SELECTOR, "#channel-write .chip")


def test_a_table_can_be_removed(reader: Reader, slack: PracticeSlack) -> None:
    """A table is removed by its button, and without text nothing can be sent then; a second one is refused."""
    reader.opens(slack.url)
    reader.script(PASTE, {"text/html": SHEET})
    reader.script(PASTE, {"text/html": SHEET})
    reader.sees("#channel-write .refused", "Only one table")
    assert reader.sees("#channel-write .send").is_enabled()
    reader.sees("#channel-write .chip .off").click()
    reader.waits("document.querySelector('#channel-write .chips').hidden")

    assert not reader.sees("#channel-write .send").is_enabled()


def test_too_large_a_table(reader: Reader, slack: PracticeSlack) -> None:
    """A table with more columns than Slack takes is pasted as text."""
    reader.opens(slack.url)
    row = "\t".join("x" * 21)

    assert not reader.script(PASTE, {"text/plain": f"{row}\n{row}"})
    reader.sees("#channel-write .refused", "at most 100 rows and 20 columns")
