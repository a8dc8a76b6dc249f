"""The public address: a real nginx with the production site before a real pool, and what can be wrong there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cocoai.check.fcgi_socket import fcgi_socket
from cocoai.check.look import everything, from_the_pool
from cocoai.check.pool import lock_holder, masters_of, pool
from cocoai.check.public import public
from cocoai.check.result import Result
from cocoai.check.target import Target
from cocoai.check.words.english import ENGLISH
from cocoai.install.choices import Choices
from cocoai.last_check import read_last_check
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from tests import sites
from tests.check.desk import SECRETS, Desk, found, listing
from tests.install.place import Place
from tests.processes import PATIENCE, free_port, wait_until

ROOT = Path(__file__).parents[2]
DAY = 86_400.0


@dataclass
class Public:
    """A pool with a desk's settings, and nginx before it; `bundle` is nginx's certificate, `url` its address."""

    desk: Desk
    pool: subprocess.Popen[bytes]
    url: str
    bundle: str

    def target(self, secret: str = "", **more: object) -> Target:
        """Return what is checked; another `secret` stands in the settings by then, but not in the running pool."""
        return self.desk.target({"slack": {"signing_secret": secret}} if secret else {}, url=self.url, **more)

    def result(self, part: str = "public", secret: str = "", **more: Any) -> Result:
        """Return what is found of this part."""
        (one,) = (each for each in public(self.target(secret, **more)) if each.part == part)
        return one


@pytest.fixture(scope="module")
def place(servers: Desk, short_folder: Callable[[], Path]) -> Iterator[Public]:
    """Start the pool and nginx."""
    desk, folder = servers, short_folder()
    file = desk.write()
    sock = desk.folder / "var/run/cocoai.sock"
    command = [sys.executable, str(ROOT / "tests/check/entry.py"), "--bind", f"unix:{sock}", "--config", file]
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COCOAI")}
    environ["PYTHONPATH"] = str(ROOT)
    port, plain = sites.two_ports()
    sites.production(folder, port, plain, host="localhost")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environ) as process:
        try:
            wait_until(sock.exists)
            with sites.running(folder, [port, plain], pool=sock.parent):
                wait_until(lambda: lock_holder(str(desk.folder / "var/run/master.lock")))
                wait_until((desk.folder / "var/check.json").exists)
                yield Public(desk, process, f"https://localhost:{port}", str(folder / "fullchain.pem"))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)


@pytest.fixture
def trusted(place: Public, monkeypatch: pytest.MonkeyPatch) -> Public:
    """Trust nginx's certificate as if it came from a public authority."""
    monkeypatch.setenv("SSL_CERT_FILE", place.bundle)
    return place


def test_the_public_address_answers(trusted: Public) -> None:
    """A signed url_verification goes through nginx, the socket and the pool, and the certificate's days are read."""
    result = trusted.result()

    assert ("ok", "ok") == (result.case, result.level)
    # The certificate of this test lasts a day.
    assert ("almost_over", "wrong") == (trusted.result("public.certificate").case, "wrong")


@pytest.mark.parametrize(
    ("left", "case", "level"), [(2, "almost_over", "wrong"), (10, "soon", "warning"), (60, "ok", "ok")]
)
def test_the_days_of_the_certificate(trusted: Public, left: int, case: str, level: str) -> None:
    """Below three days it is wrong, below 21 a warning."""
    result = trusted.result("public.certificate", clock=lambda: now_when(left))

    assert (case, level) == (result.case, result.level)
    assert "certbot renew" in ENGLISH.finding(result).remedy or level == "ok"


def now_when(left: int) -> float:
    """Return the time at which so many days of a certificate that was made just now, for a day, are left."""
    return time.time() + DAY - left * DAY - 60


def test_a_certificate_of_our_own_is_trusted_with_a_warning(place: Public, tmp_path: Path) -> None:
    """Where the installer made it, all behind it is proved too, and that Slack trusts none is said."""
    instance = Place(folder_of_test=str(tmp_path))
    (tmp_path / "etc/tls").mkdir(parents=True)
    (tmp_path / "etc/tls/fullchain.pem").write_bytes(Path(place.bundle).read_bytes())
    choices = Choices("localhost", is_self_signed=True)
    more: dict[str, Any] = {"instance": instance, "choices": choices, "clock": lambda: time.time() - 100 * DAY}

    assert ("ok", "ok") == (place.result(**more).case, place.result(**more).level)
    certificate = place.result("public.certificate", **more)
    assert ("self_signed", "warning") == (certificate.case, certificate.level)
    assert "--certbot" in ENGLISH.finding(certificate).remedy


def test_a_certificate_that_nobody_trusts(place: Public) -> None:
    """Signed by itself, and nobody has said that it is to try."""
    result = place.result()

    assert ("tls_self_signed", "wrong") == (result.case, result.level)


def test_a_name_that_nginx_has_no_site_for(trusted: Public) -> None:
    """The production site ends the handshake, and that is told from a certificate that is wrong."""
    (result,) = public(trusted.desk.target(url=trusted.url.replace("localhost", "127.0.0.1")))

    assert ("tls_no_site", "wrong") == (result.case, result.level)
    assert "--domain 127.0.0.1" in ENGLISH.finding(result).remedy


def test_another_name_than_the_certificate_s(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is for localhost and 127.0.0.1."""
    monkeypatch.setenv("SSL_CERT_FILE", desk.certificates.ca_file)
    with Scripted(desk.certificates, published=True) as server:
        (result,) = public(desk.target(url=f"https://127.0.0.2:{server.port}"))

    assert ("tls_name", "wrong") == (result.case, result.level)


def test_an_authority_that_nobody_knows(desk: Desk, scripted: Scripted) -> None:
    """Or a chain that is not whole, which looks the same to a client."""
    (result,) = public(desk.target(url=f"https://localhost:{scripted.port}"))

    assert ("tls_chain", "wrong") == (result.case, result.level)
    assert "fullchain.pem" in ENGLISH.finding(result).remedy


def test_another_signing_secret_than_the_running_pool_s(trusted: Public) -> None:
    """401 of our own pool means that it was not told of a changed secret: a reload mends it."""
    result = trusted.result(secret="f" * 32)
    refused = [each for each in pool(trusted.target()) if each.part == "pool.refused"]
    finding = ENGLISH.finding(result)

    assert ("secret", "wrong") == (finding.case, finding.level)
    assert "kill -HUP" in finding.remedy
    assert [("never_right", "warning")] == [(each.case, each.level) for each in refused]
    assert "Signing Secret" in ENGLISH.finding(refused[0]).remedy


def test_without_the_secret_the_pool_is_only_asked_whether_it_lives(trusted: Public) -> None:
    """Who may not read the settings learns that much."""
    (result, _) = public(Target(None, url=trusted.url))

    assert ("lives", "ok") == (result.case, result.level)


@pytest.mark.parametrize(
    ("url", "case"), [("https://nowhere.invalid", "dns"), ("https://localhost:{closed}", "refused")]
)
def test_an_address_that_leads_nowhere(desk: Desk, url: str, case: str) -> None:
    """The name does not resolve; nobody listens."""
    (result,) = public(desk.target(url=url.format(closed=free_port())))

    assert (case, "wrong") == (result.case, result.level)
    assert ENGLISH.finding(result).remedy


def test_an_unknown_address_is_a_note(desk: Desk) -> None:
    """Nothing is asked, and how to say the address is said."""
    (result,) = public(desk.target())

    assert ("unknown", "note") == (result.case, result.level)
    assert "--url https://HOST" in ENGLISH.finding(result).remedy


class Scripted(PracticeServer):
    """A server that answers everything with one status and one text."""

    status = 200
    text = ""

    def answer(self, incoming: Incoming) -> Outgoing:
        return Outgoing(self.status, self.text.encode())


@pytest.fixture(scope="module")
def scripted(servers: Desk) -> Iterator[Scripted]:
    """Start a scripted server."""
    with Scripted(servers.certificates) as server:
        yield server


@pytest.mark.parametrize(
    ("status", "text", "case", "level", "remedy"),
    [
        (404, "not found\n", "not_found", "wrong", "sudo nginx -T"),
        (405, "POST only\n", "not_found", "wrong", "sudo nginx -T"),
        (301, "", "other_answer", "wrong", "nginx -T | grep server_name"),
        (200, "<html>Welcome to nginx!", "other_answer", "wrong", "nginx -T | grep server_name"),
        (401, "who are you?", "other_answer", "wrong", "nginx -T | grep server_name"),
        (401, "the signature is not Slack's", "secret", "wrong", "kill -HUP"),
        (401, "the signature is stale", "stale", "wrong", "timedatectl"),
        (403, "", "forbidden", "wrong", "in front of it"),
        (429, "", "limited", "note", ""),
        (500, "internal error", "broken", "wrong", "The log:"),
        (502, "<html>502 Bad Gateway", "no_pool", "wrong", "cocoai up"),
        (503, "cannot keep it now", "cannot_keep", "wrong", "The log:"),
        (504, "", "slow_pool", "wrong", "cocoai up"),
    ],
)
def test_each_answer_has_a_meaning_of_its_own(
    desk: Desk,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    text: str,
    case: str,
    level: str,
    remedy: str,
) -> None:
    """What another site, nginx and the pool answer is told apart by status and words."""
    monkeypatch.setenv("SSL_CERT_FILE", desk.certificates.ca_file)
    scripted.status, scripted.text = status, text

    results = list(public(desk.target(url=f"https://localhost:{scripted.port}")))

    (finding,) = found(results, "public")
    assert (case, level) == (finding.case, finding.level)
    assert remedy in finding.remedy


def test_the_pool_is_seen_from_outside(trusted: Public) -> None:
    """It runs once, it holds the lock, and its socket can be connected to."""
    target = trusted.target()

    results = [*pool(target), *fcgi_socket(target)]

    levels = {each.part: each.level for each in results}
    assert levels.items() >= {"pool": "ok", "pool.one": "ok", "pool.version": "ok", "socket": "ok"}.items()
    assert [trusted.pool.pid] == masters_of(target.file)
    assert trusted.pool.pid == lock_holder(str(trusted.desk.folder / "var/run/master.lock"))


def test_the_command_shows_all_and_writes_nothing(trusted: Public, tmp_path: Path) -> None:
    """Nothing wrong but a certificate of a day: exit 1; nothing is written anywhere; no secret is shown."""
    file = trusted.desk.write()
    var = trusted.desk.folder / "var"
    wait_until(lambda: not list(var.glob("**/*.new")))
    before = listing(trusted.desk.folder, tmp_path)

    shown = command(["--url", trusted.url, "--config", file], tmp_path)
    as_json = command(["--json", "--url", trusted.url, "--config", file], tmp_path)
    japanese = command(["--language", "ja", "--config", file], tmp_path)

    # The scoreboard is a shared memory of the pool's, which counts our own questions.
    moving = {str(var / "run/scoreboard")}
    after = listing(trusted.desk.folder, tmp_path)
    assert {path: seen for path, seen in before.items() if path not in moving} == {
        path: seen for path, seen in after.items() if path not in moving
    }
    findings = {each["id"]: each for each in json.loads(as_json.stdout)}
    assert {"public.certificate"} == {each["id"] for each in findings.values() if each["level"] == "wrong"}
    assert {"id", "case", "level", "what", "found", "remedy"} == set(findings["public"])
    assert (1, 1, 0) == (shown.returncode, as_json.returncode, japanese.returncode)
    assert "\n         → sudo certbot renew" in shown.stdout
    assert "within the hour" in shown.stdout
    assert "異常はありません" in japanese.stdout
    for run in (shown, as_json, japanese):
        assert "" == run.stderr
        assert [] == [secret for secret in SECRETS if secret in run.stdout]


def command(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `cocoai check` in a folder, with no settings from the environment."""
    names = ("COCOAI", "SLACK_", "OPENAI_")
    environ = {name: text for name, text in os.environ.items() if not name.startswith(names)}
    environ |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
    words = [sys.executable, "-m", "cocoai", "check", *arguments]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environ, timeout=PATIENCE, check=False)


def test_the_running_pool_has_looked_at_itself(trusted: Public) -> None:
    """A process of its own has kept what it found, and the status shows it."""
    last = read_last_check(str(trusted.desk.folder / "var"))

    assert last is not None
    assert [] == last.of_level("wrong")
    assert 600 > time.time() - last.at


def test_the_pool_finds_the_same_of_itself(trusted: Public) -> None:
    """What the pool keeps has the network, var, prices and ledger; units and nginx's user are an operator's."""
    parts = {each.part for each in from_the_pool(trusted.target())}

    assert {"slack.token", "slack.scopes", "openai.model", "public", "var.access", "var.room", "ledger"} <= parts
    assert not parts & {"units", "socket"}


def test_a_pool_that_has_ended(trusted: Public) -> None:
    """nginx answers 502, its socket is dead, and each says what starts it; this comes last."""
    target = trusted.target()
    trusted.pool.send_signal(signal.SIGTERM)
    trusted.pool.wait(PATIENCE)

    results = everything(target)
    assert found(results, "public")

    assert ("no_pool", "wrong") == {each.part: (each.case, each.level) for each in results}["public"]
    assert ("stopped", "note") == {each.part: (each.case, each.level) for each in results}["pool"]
    assert "cocoai up" in found(results, "public")[0].remedy
    assert not {each.case for each in results if each.part == "check"}
