"""The page as a browser asks for it: what it serves, and to whom. How it looks and works is in test_browser.py."""

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
    """One that nobody has subscribed to: how a delivery fares would be news of its own."""
    with PracticeSlack() as server:
        yield server


def say(session: requests.Session, url: str, said: object, **headers: str) -> requests.Response:
    return session.post(f"{url}/page/say", json=said, headers={"Origin": url, **headers})


HELLO = {"channel": "C0PRACTICE", "text": "@CocoAI hello"}


@pytest.mark.parametrize("path", PAGE_FILES)
def test_files(session: requests.Session, page: PracticePage, slack: PracticeSlack, path: str) -> None:
    """The same files on both servers, with the rules for the browser: nothing from elsewhere, nothing inline."""
    replies = [session.get(f"{server.url}{path}") for server in (page, slack)]

    assert [200, 200] == [reply.status_code for reply in replies]
    assert replies[0].content == replies[1].content
    assert PAGE_FILES[path][1] == replies[0].headers["Content-Type"]
    assert "default-src 'self'" in replies[0].headers["Content-Security-Policy"]
    assert "nosniff" == replies[0].headers["X-Content-Type-Options"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/elsewhere", 404), ("POST", "/", 405)])
def test_other_paths(session: requests.Session, page: PracticePage, method: str, path: str, status: int) -> None:
    """There is nothing else here."""
    assert status == session.request(method, page.url + path).status_code


def test_saying(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """The person's words are stored as Slack would store them, in the channel or in a thread."""
    first = say(session, page.url, HELLO).json()["ts"]
    second = say(session, page.url, HELLO | {"text": " <b> & more ", "thread_ts": first}).json()["ts"]

    assert ["<@U0COCOAI> hello", "&lt;b&gt; &amp; more"] == [each.text for each in slack.thread("C0PRACTICE", first)]
    assert [first, second] == [each.ts for each in slack.messages()]


@pytest.mark.parametrize(
    "said",
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
def test_unfit_words(session: requests.Session, page: PracticePage, slack: PracticeSlack, said: object) -> None:
    """What the page would never send is a 400, and nothing is stored."""
    assert say(session, page.url, said).status_code == 400
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
def test_other_sites_cannot_speak_here(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, headers: dict[str, str]
) -> None:
    """Another site's page, another port's, and a name that was bent to this machine are refused."""
    assert say(session, page.url, HELLO, **headers).status_code == 403
    assert slack.messages() == ()


def test_a_request_without_an_origin_cannot_speak_here(session: requests.Session, page: PracticePage) -> None:
    """Every browser sends one with a POST."""
    assert session.post(f"{page.url}/page/say", json=HELLO).status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://a.example"}])
@pytest.mark.parametrize("path", ["/page/world", "/page/news?run=new"])
def test_other_sites_cannot_listen_here(
    session: requests.Session, page: PracticePage, path: str, headers: dict[str, str]
) -> None:
    """Nor are they told anything."""
    assert session.get(page.url + path, headers=headers).status_code == 403


def test_localhost_is_this_machine_too(session: requests.Session, page: PracticePage) -> None:
    """Through a forwarded port the page has another port, and may have the other name."""
    elsewhere = {"Host": "localhost:9999", "Origin": "http://localhost:9999"}

    assert say(session, page.url, HELLO, **elsewhere).status_code == 200


def news(session: requests.Session, page: PracticePage, run: str, after: int) -> dict[str, Any]:
    told: dict[str, Any] = session.get(f"{page.url}/page/news", params={"run": run, "after": str(after)}).json()
    return told


def test_news(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """What has changed since, and only that; a page that knows another server is told everything at once."""
    run = session.get(f"{page.url}/page/world").json()["run"]
    assert [] == news(session, page, "another", 999)["messages"]

    first = slack.say("U0ASKER01", "one")
    told = news(session, page, run, 0)
    assert ["one"] == [each["text"] for each in told["messages"]]

    slack.say("U0ASKER02", "two")
    later = news(session, page, run, told["at"])
    assert ["two"] == [each["text"] for each in later["messages"]]
    assert ["one", "two"] == [each["text"] for each in news(session, page, "another", later["at"])["messages"]]

    slack.delete("C0PRACTICE", first.ts)
    assert [["C0PRACTICE", first.ts]] == news(session, page, run, later["at"])["removed"]


@pytest.mark.parametrize(("kind", "served"), [("image/png", "image/png"), ("text/html", "application/octet-stream")])
def test_fetching_a_file(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, kind: str, served: str
) -> None:
    """A picture is shown as one; a page that somebody shares is kept, never opened as one of ours."""
    shared = slack.share("U0ASKER02", "", [PracticeFile("点 1.x", kind, b"<script>")]).files[0]
    url = news(session, page, "another", 0)["messages"][0]["files"][0]["url"]
    reply = session.get(page.url + url)

    assert (200, b"<script>", served) == (reply.status_code, reply.content, reply.headers["Content-Type"])
    assert "nosniff" == reply.headers["X-Content-Type-Options"]
    assert "same-origin" == reply.headers["Cross-Origin-Resource-Policy"]
    kept = "" if kind == served else "attachment; filename*=UTF-8''%E7%82%B9%201.x"
    assert kept == reply.headers.get("Content-Disposition", "")
    assert session.get(page.url + url, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

    slack.delete_file(shared.id)
    assert session.get(page.url + url).status_code == 404


def test_whispers_are_for_one_person(session: requests.Session, page: PracticePage, slack: PracticeSlack) -> None:
    """The page shows its own person's, and tells nothing of others'."""
    slack.workspace.post_ephemeral("C0PRACTICE", "U0COCOAI", "U0ASKER02", "not for you")
    slack.workspace.post_ephemeral("C0PRACTICE", "U0COCOAI", "U0ASKER01", "for you")
    told = news(session, page, "another", 0)["messages"]

    assert [("for you", True)] == [(each["text"], each["whispered"]) for each in told]


def colours(scheme: str) -> dict[str, str]:
    """The style sheet's colours: `light`, or those that `dark` puts in their place."""
    css = resources.files("cocoai.rehearsal.page").joinpath("page.css").read_text("utf-8")
    blocks = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in css.split(":root {")[1:3]]
    return blocks[0] if scheme == "light" else blocks[0] | blocks[1]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [(text, ground) for text in ("ink", "soft", "accent", "alarm") for ground in ("paper", "raised")]
    + [("soft", "side"), ("ink", "wash"), ("ink", "code"), ("on-mention", "mention"), ("on-accent", "accent")]
    + [("on-mention", "raised"), ("on-mention", "wash"), ("soft", "code"), ("on-mention", "side"), ("accent", "side")],
)
def test_everything_can_be_read(scheme: str, text: str, ground: str) -> None:
    """Each text keeps a contrast of 4.5 to 1 on each ground (WCAG 2.2, 1.4.3), by day and by night."""
    lighter, darker = sorted((luminance(colours(scheme)[name]) for name in (text, ground)), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
