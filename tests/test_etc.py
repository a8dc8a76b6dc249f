"""The files in etc/, as they are: nginx runs them, production site and local site, before a stand-in for the pool.

Only names and ports are exchanged, as an operator or `cocoai up` does it (tests/sites.py).
"""

from __future__ import annotations

import configparser
import http.client
import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from cocoai import up
from cocoai.config.settings import keys
from cocoai.engine.web import request
from cocoai.up import etc
from tests.sites import HOST, NGINX, ROOT, Site, frame, local, production, running, two_ports


@pytest.fixture(scope="module")
def production_site(short_folder: Callable[[], Path]) -> Iterator[Site]:
    folder, (port, plain) = short_folder(), two_ports()
    production(folder, port, plain)
    context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    with running(folder, [port, plain]):
        yield Site(folder, port, plain, context)


@pytest.fixture(scope="module")
def local_site(short_folder: Callable[[], Path]) -> Iterator[Site]:
    folder, (port, _) = short_folder(), two_ports()
    local(folder, port)
    with running(folder, [port]):
        yield Site(folder, port)


@pytest.fixture(params=["production_site", "local_site"])
def site(request: pytest.FixtureRequest) -> Site:
    """Both, one after the other: they include the same locations."""
    found: Site = request.getfixturevalue(request.param)
    return found


def test_nginx_takes_the_production_site_without_a_warning(short_folder: Callable[[], Path]) -> None:
    """`nginx -t`, with a certificate of our own making."""
    folder = short_folder()
    production(folder, *two_ports())

    tried = subprocess.run([*frame(folder), "-t", "-q"], capture_output=True, text=True, check=False)

    assert (0, "") == (tried.returncode, tried.stderr)


def test_an_event_reaches_the_pool_as_wsgi_wants_it(site: Site) -> None:
    """The path is PATH_INFO and SCRIPT_NAME is empty (PEP 3333); Slack's headers come through."""
    headers = {"X-Slack-Signature": "v0=practice", "X-Slack-Retry-Num": "1", "Content-Type": "application/json"}

    status, _, body = site.ask("POST", "/slack/events?a=1", b"{}", headers)
    told = json.loads(body)

    assert 200 == status
    assert ("", "/slack/events", "a=1") == (told["SCRIPT_NAME"], told["PATH_INFO"], told["QUERY_STRING"])
    assert ("POST", "2", 2) == (told["REQUEST_METHOD"], told["CONTENT_LENGTH"], told["length"])
    assert ("v0=practice", "application/json") == (told["HTTP_X_SLACK_SIGNATURE"], told["CONTENT_TYPE"])
    assert "127.0.0.1" == told["REMOTE_ADDR"]
    assert {"SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"} <= told.keys()


def test_a_chunked_event_reaches_the_pool_with_its_length(site: Site) -> None:
    """nginx has read all of it before the pool hears of it."""
    connection = site.connect()
    connection.request("POST", "/slack/events", iter([b"ab", b"cde"]), {"Host": HOST}, encode_chunked=True)

    told = json.loads(connection.getresponse().read())
    connection.close()

    assert ("5", 5) == (told["CONTENT_LENGTH"], told["length"])


def test_a_click_reaches_the_pool_like_an_event(site: Site) -> None:
    """A form, by a door of its own."""
    headers = {"X-Slack-Signature": "v0=practice", "Content-Type": "application/x-www-form-urlencoded"}

    status, _, body = site.ask("POST", "/slack/interactions", b"payload=%7B%7D", headers)
    told = json.loads(body)

    assert (200, "", "/slack/interactions") == (status, told["SCRIPT_NAME"], told["PATH_INFO"])
    assert (14, "application/x-www-form-urlencoded") == (told["length"], told["CONTENT_TYPE"])
    assert "v0=practice" == told["HTTP_X_SLACK_SIGNATURE"]


def test_both_doors_to_slack_treat_a_killed_worker_alike() -> None:
    """What nginx asks again, and where, stands twice, and is to stay one."""
    text = (NGINX / "cocoai.locations").read_text()
    doors = re.findall(r"location = /slack/\w+ \{\n(.*?)\n\}\n", text, re.DOTALL)
    said = [re.findall(r"(?m)^\s*(fastcgi_pass .*?;|error_page .*?;)", door) for door in doors]

    assert 2 == len(said)
    assert "error_page 502 = @again;" in said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_is_asked_with_get_or_head(site: Site, method: str) -> None:
    """Both reach the pool."""
    assert 200 == site.ask(method, "/healthz")[0]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow", "line"),
    [
        ("GET", "/slack/events", 405, "POST", b"POST only\n"),
        ("DELETE", "/slack/events", 405, "POST", b"POST only\n"),
        ("GET", "/slack/interactions", 405, "POST", b"POST only\n"),
        ("POST", "/healthz", 405, "GET, HEAD", b"GET or HEAD only\n"),
        ("GET", "/", 404, None, b"not found\n"),
        ("POST", "/slack/events/", 404, None, b"not found\n"),
        ("POST", "/slack/interactions/", 404, None, b"not found\n"),
        ("POST", "/slack/", 404, None, b"not found\n"),
        ("POST", "/slack/eventsx", 404, None, b"not found\n"),
        ("GET", "/.env", 404, None, b"not found\n"),
    ],
)
def test_nothing_else_reaches_the_pool(
    site: Site, method: str, path: str, status: int, allow: str | None, line: bytes
) -> None:
    """nginx refuses in one line, and a 405 says what is allowed (RFC 9110)."""
    answered, headers, body = site.ask(method, path)

    assert (status, allow, line) == (answered, headers.get("Allow"), body)
    assert "text/plain" == headers["Content-Type"]
    assert "nginx" == headers["Server"]


def test_a_body_over_512_kib_is_413_and_never_sent_on(site: Site) -> None:
    """The limit itself passes; it is the engine's too."""
    limit = request.MAX_BODY

    assert 200 == site.ask("POST", "/slack/events", b"x" * limit)[0]
    connection = site.connect()
    connection.putrequest("POST", "/slack/events", skip_host=True)
    connection.putheader("Host", HOST)
    connection.putheader("Content-Length", str(limit + 1))
    connection.endheaders()
    response = connection.getresponse()

    assert (413, b"the body is too big\n") == (response.status, response.read())
    connection.close()


def test_a_slow_client_holds_no_worker(site: Site) -> None:
    """The stand-in can do one thing at a time; while a body dribbles in, it is free."""
    slow = site.connect()
    slow.putrequest("POST", "/slack/events", skip_host=True)
    slow.putheader("Host", HOST)
    slow.putheader("Content-Length", "10")
    slow.endheaders(b"12345")

    other, _, _ = site.ask("POST", "/slack/events", b"{}")
    slow.send(b"67890")
    response = slow.getresponse()
    told = json.loads(response.read())
    slow.close()

    assert (200, 200, 10) == (other, response.status, told["length"])


def test_a_log_line_has_neither_path_nor_query(site: Site) -> None:
    """Time, address, method, status, both times, and Slack's count of redeliveries."""
    site.ask("POST", "/slack/events?token=hush", b"{}", {"X-Slack-Retry-Num": "3"})

    deadline = time.monotonic() + 30
    while " 3\n" not in site.log() and time.monotonic() < deadline:
        time.sleep(0.02)
    lines = [line for line in site.log().splitlines() if line.endswith(" 3")]

    assert re.fullmatch(r"20\S+ 127\.0\.0\.1 POST 200 \d\.\d{3} \d\.\d{3} 3", lines[0])
    assert "hush" not in site.log()
    assert "/" not in site.log()


def test_who_does_not_know_our_name_sees_no_certificate(production_site: Site) -> None:
    """The handshake is refused, with another name and with none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name in ("example.com", None):
        with (
            socket.create_connection(("127.0.0.1", production_site.port), timeout=30) as plain,
            pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"),
        ):
            context.wrap_socket(plain, server_hostname=name)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_current_versions_of_tls_are_spoken(production_site: Site, version: ssl.TLSVersion) -> None:
    """Slack needs 1.2 or newer. With no lines of its own the default server would deny us 1.3, and let 1.0 in."""
    context = ssl.create_default_context(cafile=str(production_site.folder / "fullchain.pem"))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", production_site.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        assert version.name == (tls.version() or "").replace(".", "_")


def test_both_servers_begin_a_handshake_alike() -> None:
    """The lines on TLS stand twice in the production site, and are to stay one."""
    lines = re.findall(r"(?m)^    (ssl_(?!certificate|reject).*)$", (NGINX / "cocoai.conf").read_text())

    assert 6 == len(lines) // 2
    assert lines[:6] == lines[6:]


@pytest.mark.parametrize(("host", "path"), [("example.com", "/"), (HOST, "/"), (HOST, "/slack/events")])
def test_plain_http_is_closed_without_a_word(production_site: Site, host: str, path: str) -> None:
    """Not even a redirect: an event in the clear is no event."""
    connection = http.client.HTTPConnection("127.0.0.1", production_site.plain, timeout=30)

    def ask() -> None:
        connection.request("POST", path, b"{}", {"Host": host})
        connection.getresponse()

    # Closed or reset: that depends on how much of the request it had read.
    with pytest.raises(ConnectionError):
        ask()
    connection.close()


def test_the_certificate_can_be_renewed_over_plain_http(production_site: Site) -> None:
    """ACME's challenge (RFC 8555, 8.3) is a file that whoever renews has laid there."""
    folder = production_site.folder / "acme/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "practice").write_text("practice.thumbprint")
    connection = http.client.HTTPConnection("127.0.0.1", production_site.plain, timeout=30)
    connection.request("GET", "/.well-known/acme-challenge/practice", headers={"Host": HOST})

    response = connection.getresponse()

    assert (200, b"practice.thumbprint") == (response.status, response.read())
    connection.close()


@pytest.mark.parametrize(("name", "refuses"), [("production_site", True), ("local_site", False)])
def test_only_production_has_a_rate_limit(request: pytest.FixtureRequest, name: str, refuses: bool) -> None:
    """A burst of 60 passes; what is far beyond is told to come again (429)."""
    site: Site = request.getfixturevalue(name)
    connection = site.connect()
    statuses = []
    for _ in range(400):
        connection.request("GET", "/nowhere", headers={"Host": HOST})
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()

    assert {404, 429} if refuses else {404} == set(statuses)


def test_both_sites_log_alike() -> None:
    """nginx wants the format in each, and they are to stay one."""
    formats = [
        re.findall(r"log_format [^;]+;", (NGINX / name).read_text()) for name in ("cocoai.conf", "cocoai-local.conf")
    ]

    assert 1 == len(formats[0])
    assert formats[0] == formats[1]


def test_every_production_name_that_is_replaced_stands_in_some_file() -> None:
    """A name that no file holds any more would leave production's path in a copy."""
    text = "\n".join((ROOT / "etc" / name).read_text() for name in etc.COPIED)

    assert [] == [name for name in names(Path("/somewhere")).replacements() if name not in text]


def test_the_copies_hold_none_of_production_s_names(tmp_path: Path) -> None:
    """But in the comments, which tell where a file goes in production."""
    etc.copy(str(ROOT / "etc"), names(tmp_path))

    text = "\n".join((tmp_path / "run/etc" / name).read_text() for name in etc.COPIED)
    said = re.sub(r"(?m)(^|\s)[#;].*$", "", text)
    ours = said.replace(str(tmp_path / "run"), "~")

    assert [] == re.findall(r"\S*(?:/run/cocoai|/var/log|/opt/|(?<!~)/etc/nginx|/etc/cocoai|/usr/sbin|8080)\S*", ours)
    assert f'"{tmp_path}/run/etc/nginx/nginx-local.conf"' in said
    assert "--config" not in said


def test_a_copy_is_replaced_at_once() -> None:
    """What was put in is not replaced again, and the longer name comes first."""
    assert "b/x a" == etc.replaced("a/x ab", {"a": "b", "ab": "a"})


def names(folder: Path) -> etc.Names:
    return etc.Names(
        run=f"{folder}/run",
        log=f"{folder}/log",
        listen="127.0.0.1:1",
        python="/somewhere/python",
        entry="/somewhere/entry",
        nginx="/somewhere/nginx",
    )


def supervisor() -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string((ROOT / "etc/supervisor/cocoai.conf").read_text())
    return parser["fcgi-program:cocoai"]


def nginx_number(name: str, file: str = "cocoai.locations") -> int:
    found = re.findall(rf"(?m)^\s*{name} (\d+)(?:s|k)?;", (NGINX / file).read_text())
    assert 1 == len(found), name
    return int(found[0])


def test_the_program_is_one_that_nginx_alone_can_reach() -> None:
    """The socket's rights, and that a stop reaches the master only."""
    program = supervisor()

    assert ("cocoai:nginx", "0660", "077") == (program["socket_owner"], program["socket_mode"], program["umask"])
    assert ("TERM", "false", "false") == (program["stopsignal"], program["stopasgroup"], program["killasgroup"])
    assert "FCGI_WEB_SERVER_ADDRS" not in program["environment"]
    assert "1" == program["numprocs"]


def test_numbers_that_belong_together_keep_their_order() -> None:
    """DESIGN section 8, each from the one place where it stands."""
    from cocoai.engine.pool import master
    from cocoai.slack.inbound import signature
    from cocoai.spool import admin

    slack_gives_up, slack_redelivers = 3.0, 24 * 3600.0
    default = {
        f"{section}.{key}": float(about.default)
        for section, wanted in (("pool", "request_timeout"), ("openai", "timeout"))
        for key, about in keys(section).items()
        if wanted in key
    }
    program = supervisor()

    assert default["pool.request_timeout"] < slack_gives_up < nginx_number("fastcgi_read_timeout")
    assert nginx_number("fastcgi_connect_timeout") + default["pool.request_timeout"] <= slack_gives_up
    assert default["pool.request_timeout"] < master.DRAIN < float(program["stopwaitsecs"])
    assert master.TERM_AFTER < master.KILL_AFTER
    assert float(program["stopwaitsecs"]) + 4 < up.STOP
    assert admin.RETENTION["done"] > slack_redelivers
    assert 300 == signature.MAX_AGE
    assert (
        default["openai.connect_timeout"]
        < default["openai.silence_timeout"]
        < default["openai.first_word_timeout"]
        < default["openai.total_timeout"]
    )
    assert request.MAX_BODY == nginx_number("client_max_body_size") * 1024
    assert int(program["socket_backlog"]) > nginx_number("worker_connections", "nginx-local.conf") // 2
