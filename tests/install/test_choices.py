"""What an operator may choose, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices, kept, others
from cocoai.install.instance import Instance, instance

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        (Choices("localhost"), "--domain"),
        (Choices("Cocoai.Example.com"), "--domain"),
        (Choices("a.example.com; rm"), "--domain"),
        (Choices("-a.example.com"), "--domain"),
        (Choices("cocoai.example.com."), "--domain"),
        (Choices("192.0.2.1"), "--domain"),
        (Choices("a.example.com", certificate="/c.pem"), "--key"),
        (Choices("a.example.com", key="/k.pem"), "--certificate"),
        (Choices("a.example.com", certificate="c.pem", key="/k.pem"), "--certificate"),
        (Choices("a.example.com", certificate="/c d.pem", key="/k.pem"), "--certificate"),
        (Choices("a.example.com", certificate="/c.pem", key="/k;.pem"), "--key"),
        (Choices("a.example.com", certificate="/c.pem", key="/k.pem", is_self_signed=True), "--self-signed"),
        (Choices("a.example.com", shape="runit"), "--with"),
        (Choices("a.example.com", email="me"), "--email"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_named(choices: Choices, named: str) -> None:
    with pytest.raises(CocoAIError, match=named):
        choices.check()


@pytest.mark.parametrize("domain", ["cocoai.example.com", "a.co", "x1-y.example.co.jp", "xn--r8jz45g.example"])
def test_a_usual_name_is_taken(domain: str) -> None:
    Choices(domain, email="you+bot@mail.example.com").check()


@pytest.mark.parametrize("name", ["QA", "qa copy", "../x", "1a", "a" * 17, "a_b", "a.b"])
def test_a_name_that_would_break_a_path_is_refused(name: str) -> None:
    with pytest.raises(CocoAIError, match="--name"):
        instance(name)


def test_a_copy_shares_no_path_with_the_first() -> None:
    first, copy = instance(""), instance("qa")
    paths = [name for name in vars(Instance) if isinstance(vars(Instance)[name], property) and name != "is_copy"]
    assert {"settings", "var", "service", "command"} <= set(paths)
    for name in paths:
        assert getattr(first, name) != getattr(copy, name), name
    assert first.site("http") < copy.site("http")
    assert (False, True) == (first.is_copy, copy.is_copy)


def test_the_certificate_lies_where_it_comes_from() -> None:
    place = instance("qa")
    assert "/etc/letsencrypt/live/a.example.com/privkey.pem" == Choices("a.example.com").certificate_files(place)[1]
    own = Choices("a.example.com", is_self_signed=True)
    assert "/etc/cocoai_qa/tls/fullchain.pem" == own.certificate_files(place)[0]
    given = Choices("a.example.com", certificate="/c.pem", key="/k.pem")
    assert ("/c.pem", "/k.pem") == given.certificate_files(place)
    assert [True, False, False] == [each.is_by_certbot for each in (Choices("a.example.com"), own, given)]


def test_without_an_installation_nothing_is_kept() -> None:
    assert kept(Instance("cocoai_never")) is None


def test_a_copy_sees_what_the_others_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nginx would ask the first of two servers of one name, and never the other."""
    found = {"cocoai": Choices("a.example.com"), "cocoai_qa": Choices("qa.example.com")}
    monkeypatch.setattr("cocoai.install.choices.kept", lambda place: found.get(place.id))
    for name in (*found, "cocoai_unreadable"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "install.json").touch()
    pattern = str(tmp_path / "*/install.json")
    assert [("cocoai_qa", found["cocoai_qa"])] == list(others(Instance(), pattern))
    assert [("cocoai", found["cocoai"])] == list(others(Instance("cocoai_qa"), pattern))


def test_what_only_root_may_read_is_not_called_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(CocoAIError, match="type it with sudo"):
        kept(Instance())
