"""The production site's three files: which of them nginx can start with, and two instances beside each other."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import wait_until
from tests.sites import HOST, SIGNED, Site, common, echoing, frame, instance, locations, running, trusting, two_ports

QA_HOST = "qa.example.com"


def check(folder: Path) -> tuple[int, str]:
    """Let nginx read the configuration in `folder`; return its exit status and what it printed."""
    done = subprocess.run([*frame(folder), "-t", "-q"], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def write_challenge(folder: Path) -> None:
    """Write a challenge's file where certbot would (RFC 8555, 8.3)."""
    challenges = folder / "acme/.well-known/acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "practice").write_text("practice.thumbprint")


def challenge(plain: int, host: str) -> tuple[int, bytes]:
    """Fetch the challenge of `write_challenge` as a certificate authority would; return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=30)
    try:
        connection.request("GET", "/.well-known/acme-challenge/practice", headers={"Host": host})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def without_certificate(folder: Path) -> tuple[int, int]:
    """Write the production site with neither its certificate nor the file that names it; return its two ports."""
    port, plain = two_ports()
    common(folder, port, plain)
    instance(folder, folder, port, plain)
    for name in ("conf.d/cocoai_https.conf", "fullchain.pem", "privkey.pem"):
        (folder / name).unlink()
    return port, plain


def test_nginx_starts_before_there_is_a_certificate(short_folder: Callable[[], Path]) -> None:
    """With the first two files alone `nginx -t` prints nothing, and the first certificate's challenge is served."""
    folder, checked = short_folder(), short_folder()
    without_certificate(checked)
    port, plain = without_certificate(folder)

    with running(folder, [port, plain]):
        write_challenge(folder)
        served = challenge(plain, HOST)

    assert (0, "") == check(checked)
    assert (200, b"practice.thumbprint") == served


def test_the_third_file_needs_the_certificate(short_folder: Callable[[], Path]) -> None:
    """While it is missing, nginx does not start: hence a file of its own, which is installed last."""
    folder, (port, plain) = short_folder(), two_ports()
    common(folder, port, plain)
    instance(folder, folder, port, plain)
    (folder / "fullchain.pem").unlink()

    status, said = check(folder)

    assert 1 == status
    assert f'cannot load certificate "{folder}/fullchain.pem"' in said


@pytest.mark.parametrize(("name", "is_accepted"), [("cocoai_qa", True), ("cocoai-qa", False)])
def test_a_second_instance_has_an_underscore(short_folder: Callable[[], Path], name: str, *, is_accepted: bool) -> None:
    """nginx reads conf.d in the order of names: with a hyphen the log format would be used before it is defined."""
    folder, (port, plain) = short_folder(), two_ports()
    own = folder / name
    own.mkdir()
    common(folder, port, plain)
    instance(folder, folder, port, plain)
    instance(folder, own, port, plain, name=name, host=QA_HOST)
    locations(own, own)

    status, said = check(folder)

    assert is_accepted == (status == 0)
    assert ("" if is_accepted else "unknown log format") in said
    assert is_accepted == (said == "")


def test_two_instances_answer_to_their_own_names(short_folder: Callable[[], Path]) -> None:
    """On one port each name has its own certificate, pool, access log and challenge; another name has nothing."""
    folder, (port, plain) = short_folder(), two_ports()
    own = folder / "qa"
    own.mkdir()
    common(folder, port, plain)
    instance(folder, folder, port, plain)
    instance(folder, own, port, plain, name="cocoai_qa", host=QA_HOST)
    locations(own, own)

    with echoing(own), running(folder, [port, plain]):
        wait_until((own / "cocoai.sock").exists)
        sites = [Site(folder, port, plain, trusting(folder)), Site(own, port, plain, trusting(own), QA_HOST)]
        answers = [site.ask("POST", "/slack/events", b"{}", SIGNED) for site in sites]
        write_challenge(folder)
        challenges = [challenge(plain, host) for host in (HOST, QA_HOST)]
        with pytest.raises(ssl.SSLCertVerificationError):
            Site(own, port, plain, trusting(folder), QA_HOST).ask("GET", "/healthz")
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            Site(own, port, plain, trusting(own), "example.com").ask("GET", "/healthz")
        wait_until(lambda: all(site.log() for site in sites))

    assert [200, 200] == [status for status, _, _ in answers]
    pools = [json.loads(body)["arguments"] for _, _, body in answers]
    assert [["--bind", f"{folder}/cocoai.sock"], ["--bind", f"{own}/cocoai.sock"]] == pools
    assert [(200, b"practice.thumbprint")] * 2 == challenges
    assert [1, 1] == [len(site.log().splitlines()) for site in sites]
