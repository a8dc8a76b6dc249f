"""The proof at an installation's end: it waits for a pool that is just starting, and says what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.check.url_verification import Verification
from cocoai.errors import CocoAIError
from cocoai.install import proof
from cocoai.install.choices import Choices
from cocoai.install.proof import Proof
from cocoai.install.slack_page import after
from tests.install.place import Place

SECRETS = "[slack]\nsigning_secret = s\nbot_token = t\n[openai]\napi_key = k\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an installation with settings."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/cocoai.ini").write_text(SECRETS)
    return Place(folder_of_test=str(tmp_path))


def test_a_pool_that_is_starting_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """nginx answers 502 until the pool has its socket."""
    answers = [Verification("no_pool", "502", {}), Verification("ok", "", {})]
    asked = []

    def verify_url(url: str, secret: str, _: object) -> Verification:
        asked.append((url, secret))
        return answers.pop(0)

    monkeypatch.setattr(proof, "verify_url", verify_url)
    monkeypatch.setattr(proof, "PAUSE", 0.0)

    Proof(place, Choices("cocoai.example.com", is_self_signed=True)).do()

    assert [("https://cocoai.example.com", "s")] * 2 == asked


def test_what_was_found_is_said_in_the_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of `cocoai check`, which says more."""
    monkeypatch.setattr(proof, "verify_url", lambda *_: Verification("no_pool", "502 Bad Gateway", {}))
    monkeypatch.setattr(proof, "PATIENCE", 0.0)

    with pytest.raises(CocoAIError) as caught:
        Proof(place, Choices("cocoai.example.com")).do()

    assert "502 Bad Gateway: nginx answers, but no pool" in str(caught.value)
    assert "`sudo cocoai check` says what to type" in str(caught.value)


def test_an_installation_ends_with_how_to_check_it() -> None:
    """The command is that of the copy."""
    assert "sudo cocoai check" in after("cocoai.example.com")
    assert "sudo cocoai_qa check" in after("qa.example.com", "cocoai_qa")
