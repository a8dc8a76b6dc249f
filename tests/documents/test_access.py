"""Where a document may be shown: nowhere that somebody reads who may not."""

from __future__ import annotations

import pytest

from cocoai.documents.access import ReaderRules
from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document

pytestmark = pytest.mark.pure

RULES = ReaderRules(
    {"hr": ("C0HR", "G0BOARD"), "hr/handbook": None, "c0wiki": None, "c0shown": ("C0SALES",)},
    ("C0TEAM", "C0WIKI", "C0SHOWN"),
)


@pytest.mark.parametrize(
    ("document", "shown", "shown_if_shared"),
    [
        (Document(FOLDER, "vpn.md", "", ""), "C0HR C0SALES C0TEAM D01 C0WIKI", ""),
        (Document(FOLDER, "hr/pay.md", "", ""), "C0HR", "C0HR"),
        (Document(FOLDER, "HR/deep/er/pay.md", "", ""), "C0HR", "C0HR"),
        (Document(FOLDER, "hr/Handbook/leave.md", "", ""), "C0HR C0SALES C0TEAM D01 C0WIKI", ""),
        (Document(FOLDER, "hr", "", ""), "C0HR C0SALES C0TEAM D01 C0WIKI", ""),  # a file of this name
        (Document(FOLDER, "hrx/pay.md", "", ""), "C0HR C0SALES C0TEAM D01 C0WIKI", ""),
        (Document(FOLDER, "c0team/pay.md", "", ""), "C0HR C0SALES C0TEAM D01 C0WIKI", ""),  # a folder, no channel
        (Document(SLACK, "F01", "", "", channel="C0TEAM"), "C0TEAM", "C0TEAM"),
        (Document(SLACK, "F01", "", "", channel="C0WIKI"), "C0HR C0SALES C0TEAM D01 C0WIKI", ""),
        (Document(SLACK, "F01", "", "", channel="C0SHOWN"), "C0SALES", "C0SALES"),
        (Document(SLACK, "F01", "", "", channel="C0GONE"), "", ""),
        (Document(HISTORY, "C0HR-1.1-1.1", "", "", channel="C0HR"), "C0HR", "C0HR"),
        (Document(HISTORY, "D01-1.1-1.1", "", "", channel="D01"), "D01", "D01"),
    ],
)
def test_a_document_is_shown_where_everybody_may_read_it(document: Document, shown: str, shown_if_shared: str) -> None:
    for is_shared, expected in ((False, shown), (True, shown_if_shared)):
        places = [
            each
            for each in ("C0HR", "C0SALES", "C0TEAM", "D01", "C0WIKI")
            if RULES.may_be_shown(document, each, is_shared=is_shared)
        ]
        assert expected.split() == places
