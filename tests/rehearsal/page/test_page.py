"""The page's server: its files, its JSON, and the requests that it refuses. The page itself: test_page_browser.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import requests

from cocoai.rehearsal.page.page_responses import PAGE_FILES
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack


@pytest.fixture
def slack() -> Iterator[PracticeSlack]:
    """Start a practice Slack without a subscription: outcomes of deliveries would be changes too."""
    with PracticeSlack() as server:
        yield server


def say(session: requests.Session, url: str, fields: object, **headers: str) -> requests.Response:
    """Post a message as a page of our own origin does."""
    return session.post(f"{url}/page/say", json=fields, headers={"Origin": url, **headers})


HELLO = {"channel": "C0PRACTICE", "text": "@CocoAI hello"}


@pytest.mark.parametrize("path", PAGE_FILES)
def test_page_files(session: requests.Session, page: PracticePage, slack: PracticeSlack, path: str) -> None:
    """Both servers serve the same files, with headers that allow nothing from elsewhere and nothing inline."""
    replies = [session.get(f"{server.url}{path}") for server in (page, slack)]

    assert [200, 200] == [reply.status_code for reply in replies]
    assert replies[0].content == replies[1].content
    assert PAGE_FILES[path][1] == replies[0].headers["Content-Type"]
    assert "default-src 'self'" in replies[0].headers["Content-Security-Policy"]
    assert "nosniff" == replies[0].headers["X-Content-Type-Options"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/elsewhere", 404), ("POST", "/", 405)])
def test_other_paths(session: requests.Session, page: PracticePage, method: str, path: str, status: int) -> None:
    """Other paths and methods are refused."""
    assert status == session.request(method, page.url + path).status_code


def test_say(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """A person's text is stored as Slack stores it, in the channel or in a thread."""
    first = say(session, page.url, HELLO).json()["ts"]
    second = say(session, page.url, HELLO | {"text": " <b> & more ", "thread_ts": first}).json()["ts"]

    assert ["<@U0COCOAI> hello", "&lt;b&gt; &amp; more"] == [each.text for each in slack.thread("C0PRACTICE", first)]
    assert [first, second] == [each.ts for each in slack.messages()]


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        HELLO | {"text": " "},
        HELLO | {"text": 1},
        HELLO | {"text": "x" * 12_001},
        HELLO | {"channel": "C0SHARED"},
        HELLO | {"channel": ["C0PRACTICE"]},
        HELLO | {"thread_ts": 1},
        HELLO | {"thread_ts": "1.0"},
    ],
)
def test_invalid_messages(session: requests.Session, page: PracticePage, slack: PracticeSlack, fields: object) -> None:
    """A request that the page never sends is answered with 400, and nothing is stored."""
    assert say(session, page.url, fields).status_code == 400
    assert slack.messages() == ()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://a.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Host": "a.example"},
        {"Host": "a.example:80", "Origin": "http://a.example:80"},
    ],
)
def test_other_sites_cannot_post(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, headers: dict[str, str]
) -> None:
    """A page of another site, of another port or of a host name that resolves to this machine is refused."""
    assert say(session, page.url, HELLO, **headers).status_code == 403
    assert slack.messages() == ()


def test_post_without_an_origin(session: requests.Session, page: PracticePage) -> None:
    """A POST without an origin is refused, as every browser sends one."""
    assert session.post(f"{page.url}/page/say", json=HELLO).status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://a.example"}])
@pytest.mark.parametrize("path", ["/page/world", "/page/news?run=new"])
def test_other_sites_cannot_read(
    session: requests.Session, page: PracticePage, path: str, headers: dict[str, str]
) -> None:
    """Another site cannot read anything."""
    assert session.get(page.url + path, headers=headers).status_code == 403


def test_the_page_listens_on_this_machine_alone(slack: PracticeSlack, session: requests.Session) -> None:
    """Another address of this machine reaches it only when it is published, as a container's port is."""
    with PracticePage(slack.page) as own, PracticePage(slack.page, published=True) as published:
        with pytest.raises(requests.ConnectionError):
            session.get(f"http://127.0.0.2:{own.port}/", headers={"Host": "localhost"})
        from_outside = session.get(f"http://127.0.0.2:{published.port}/", headers={"Host": "localhost:8090"})
        inside = session.get(f"{published.url}/")

    assert [200, 200] == [from_outside.status_code, inside.status_code]


def test_a_published_page_answers_no_other_name(slack: PracticeSlack, session: requests.Session) -> None:
    """The address of the container itself, or a name that leads to it, is refused as everywhere (DNS rebinding)."""
    with PracticePage(slack.page, published=True) as page:
        answers = [
            session.get(f"{page.url}/page/world", headers={"Host": host}) for host in ("a.example", "172.17.0.2")
        ]

    assert [403, 403] == [each.status_code for each in answers]


def test_localhost(session: requests.Session, page: PracticePage) -> None:
    """The page may have another port and the name localhost, as through a forwarded port."""
    elsewhere = {"Host": "localhost:9999", "Origin": "http://localhost:9999"}

    assert say(session, page.url, HELLO, **elsewhere).status_code == 200


def news(session: requests.Session, page: PracticePage, run: str, after: int) -> dict[str, Any]:
    """Return the changes after one of a run."""
    answer: dict[str, Any] = session.get(f"{page.url}/page/news", params={"run": run, "after": str(after)}).json()
    return answer


def test_news(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """Only changes since the last known one are returned; a page of another run gets all messages at once."""
    run = session.get(f"{page.url}/page/world").json()["run"]
    assert [] == news(session, page, "another", 999)["messages"]

    first = slack.say("U0ASKER01", "one")
    answer = news(session, page, run, 0)
    assert ["one"] == [each["text"] for each in answer["messages"]]

    slack.say("U0ASKER02", "two")
    later = news(session, page, run, answer["at"])
    assert ["two"] == [each["text"] for each in later["messages"]]
    assert ["one", "two"] == [each["text"] for each in news(session, page, "another", later["at"])["messages"]]

    slack.delete("C0PRACTICE", first.ts)
    assert [["C0PRACTICE", first.ts]] == news(session, page, run, later["at"])["removed"]


@pytest.mark.parametrize(
    ("media_type", "served"), [("image/png", "image/png"), ("text/html", "application/octet-stream")]
)
def test_shared_file(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, media_type: str, served: str
) -> None:
    """An image is shown; any other file, as HTML, is only downloaded."""
    shared = slack.share("U0ASKER02", "", [PracticeFile("点 1.x", media_type, b"<script>")]).files[0]
    url = news(session, page, "another", 0)["messages"][0]["files"][0]["url"]
    reply = session.get(page.url + url)

    assert (200, b"<script>", served) == (reply.status_code, reply.content, reply.headers["Content-Type"])
    assert "nosniff" == reply.headers["X-Content-Type-Options"]
    assert "same-origin" == reply.headers["Cross-Origin-Resource-Policy"]
    disposition = "" if media_type == served else "attachment; filename*=UTF-8''%E7%82%B9%201.x"
    assert disposition == reply.headers.get("Content-Disposition", "")
    assert session.get(page.url + url, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

    slack.delete_file(shared.id)
    assert session.get(page.url + url).status_code == 404


def test_ephemeral_messages_of_others(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """The page gets the ephemeral messages of its people, each with whose it is, and none of others'."""
    slack.workspace.post_ephemeral("C0PRACTICE", "U0COCOAI", "U0OTHER01", "not for you")
    slack.workspace.post_ephemeral("C0PRACTICE", "U0COCOAI", "U0ASKER01", "for you")
    answer = news(session, page, "another", 0)["messages"]

    assert [("for you", "U0ASKER01")] == [(each["text"], each["only_for"]) for each in answer]


def colours(scheme: str) -> dict[str, str]:
    """Return the style sheet's colours: `light`, or those that `dark` replaces."""
    css = resources.files("cocoai.rehearsal.page").joinpath("page.css").read_text("utf-8")
    blocks = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in css.split(":root {")[1:3]]
    return blocks[0] if scheme == "light" else blocks[0] | blocks[1]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "background"),
    [(text, background) for text in ("ink", "soft", "accent", "alarm") for background in ("paper", "raised")]
    + [("soft", "side"), ("ink", "wash"), ("ink", "code"), ("on-mention", "mention"), ("on-accent", "accent")]
    + [("on-mention", "raised"), ("on-mention", "wash"), ("soft", "code"), ("on-mention", "side"), ("accent", "side")],
)
def test_contrast(scheme: str, text: str, background: str) -> None:
    """Each text has a contrast of 4.5 to 1 on each background (WCAG 2.2, 1.4.3), in both schemes."""
    lighter, darker = sorted((luminance(colours(scheme)[name]) for name in (text, background)), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
