"""The files in etc/: nginx runs the production site and the local site before a stand-in for the pool.

Only names and ports are replaced, as an operator or `cocoai up` does it (tests/sites.py).
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

from cocoai.cli import main
from cocoai.config.settings import settings_of
from cocoai.engine.pool.listener import BACKLOG
from cocoai.engine.web import request
from cocoai.errors import MissingSignature
from cocoai.up import etc
from cocoai.up.up import STOP_TIMEOUT
from tests.sites import (
    HOST,
    NGINX,
    ROOT,
    SIGNED,
    Site,
    frame,
    local_running,
    nginx_number,
    production,
    production_running,
    two_ports,
)

READ = (
    "PATH_INFO",
    "REQUEST_METHOD",
    "CONTENT_LENGTH",
    "HTTP_X_SLACK_REQUEST_TIMESTAMP",
    "HTTP_X_SLACK_SIGNATURE",
)
"""The parameters that the pool reads."""


@pytest.fixture(scope="module")
def production_site(short_folder: Callable[[], Path]) -> Iterator[Site]:
    """Run nginx with the production site."""
    with production_running(short_folder()) as site:
        yield site


@pytest.fixture(scope="module")
def local_site(short_folder: Callable[[], Path]) -> Iterator[Site]:
    """Run nginx with the local site."""
    with local_running(short_folder()) as site:
        yield site


@pytest.fixture(params=["production_site", "local_site"])
def site(request: pytest.FixtureRequest) -> Site:
    """Return one site after the other: both include the same locations."""
    running_site: Site = request.getfixturevalue(request.param)
    return running_site


def test_nginx_accepts_the_production_site_without_a_warning(short_folder: Callable[[], Path]) -> None:
    """`nginx -t` succeeds and prints nothing, with a certificate made for the test."""
    folder = short_folder()
    production(folder, *two_ports())

    checked = subprocess.run([*frame(folder), "-t", "-q"], capture_output=True, text=True, check=False)

    assert (0, "") == (checked.returncode, checked.stderr)


def test_an_event_reaches_the_pool_with_what_it_reads_and_no_more(site: Site) -> None:
    """The pool parses each parameter: it gets the path, the method, the length and Slack's two headers."""
    headers = {**SIGNED, "X-Slack-Retry-Num": "1", "Content-Type": "application/json"}

    status, _, body = site.ask("POST", "/slack/events?a=1", b"{}", headers)
    params = json.loads(body)

    assert 200 == status
    assert ("/slack/events", "POST", "2", 2) == tuple(params[name] for name in (*READ[:3], "length"))
    assert "v0=practice" == params["HTTP_X_SLACK_SIGNATURE"]
    assert set(READ) == {name for name in params if name in READ or name.startswith(("HTTP_", "REMOTE_", "CONTENT_"))}


def test_a_chunked_event_reaches_the_pool_with_its_length(site: Site) -> None:
    """nginx reads the whole body before it passes the request on, and so knows its length."""
    connection = site.connect()
    connection.request("POST", "/slack/events", iter([b"ab", b"cde"]), {"Host": HOST, **SIGNED}, encode_chunked=True)

    params = json.loads(connection.getresponse().read())
    connection.close()

    assert ("5", 5) == (params["CONTENT_LENGTH"], params["length"])


@pytest.mark.parametrize("path", ["/slack/interactions", "/slack/commands"])
def test_a_click_or_command_reaches_the_pool_like_an_event(site: Site, path: str) -> None:
    """A form that is posted there is passed on whole."""
    headers = {**SIGNED, "Content-Type": "application/x-www-form-urlencoded"}

    status, _, body = site.ask("POST", path, b"payload=%7B%7D", headers)
    params = json.loads(body)

    assert (200, path, 14) == (status, params["PATH_INFO"], params["length"])
    assert "v0=practice" == params["HTTP_X_SLACK_SIGNATURE"]


@pytest.mark.parametrize("lacking", [["X-Slack-Signature"], ["X-Slack-Request-Timestamp"], [*SIGNED]])
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("path", ["/slack/events", "/slack/interactions", "/slack/commands"])
def test_a_request_without_a_signature_never_reaches_the_pool(
    site: Site, path: str, lacking: list[str], value: str | None
) -> None:
    """If either header is missing or empty, nginx refuses the request as the pool would, in the pool's own words."""
    headers = {**SIGNED, **dict.fromkeys(lacking, value)}

    status, answered, body = site.ask(
        "POST", path, b"{}", {name: value for name, value in headers.items() if value is not None}
    )

    assert (MissingSignature.status, f"{MissingSignature.line}\n".encode()) == (status, body)
    assert ("text/plain", "nginx") == (answered["Content-Type"], answered["Server"])


def test_both_locations_for_slack_are_alike() -> None:
    """The lines about forgeries and about a killed worker stand in both locations, and must stay the same."""
    text = (NGINX / "cocoai.locations").read_text()
    locations = re.findall(r"location (?:=|~) \^?/slack/\S+ \{\n(.*?)\n\}\n", text, re.DOTALL)
    lines = [re.findall(r"(?m)^\s*(if .*?\{|return .*?;|fastcgi_pass .*?;|error_page .*?;)", it) for it in locations]

    assert 2 == len(lines)
    assert "error_page 502 = @again;" in lines[0]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_healthz_is_answered_to_get_and_head(site: Site, method: str) -> None:
    """Both methods reach the pool."""
    assert 200 == site.ask(method, "/healthz")[0]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow", "line"),
    [
        ("GET", "/slack/events", 405, "POST", b"POST only\n"),
        ("DELETE", "/slack/events", 405, "POST", b"POST only\n"),
        ("GET", "/slack/interactions", 405, "POST", b"POST only\n"),
        ("GET", "/slack/commands", 405, "POST", b"POST only\n"),
        ("POST", "/healthz", 405, "GET, HEAD", b"GET or HEAD only\n"),
        ("GET", "/", 404, None, b"not found\n"),
        ("POST", "/slack/events/", 404, None, b"not found\n"),
        ("POST", "/slack/interactions/", 404, None, b"not found\n"),
        ("POST", "/slack/commands/", 404, None, b"not found\n"),
        ("POST", "/slack/commandsx", 404, None, b"not found\n"),
        ("POST", "/slack/", 404, None, b"not found\n"),
        ("POST", "/slack/eventsx", 404, None, b"not found\n"),
        ("GET", "/.env", 404, None, b"not found\n"),
    ],
)
def test_nothing_else_reaches_the_pool(
    site: Site, method: str, path: str, status: int, allow: str | None, line: bytes
) -> None:
    """nginx refuses any other request in one line, and a 405 has an Allow header (RFC 9110)."""
    answered, headers, body = site.ask(method, path)

    assert (status, allow, line) == (answered, headers.get("Allow"), body)
    assert "text/plain" == headers["Content-Type"]
    assert "nginx" == headers["Server"]


def test_a_body_over_the_limit_is_413_and_never_sent_on(site: Site) -> None:
    """A body of exactly the limit passes, and the pool's own limit is the same."""
    limit = request.MAX_BODY

    assert 200 == site.ask("POST", "/slack/events", b"x" * limit, SIGNED)[0]
    connection = site.connect()
    connection.putrequest("POST", "/slack/events", skip_host=True)
    connection.putheader("Host", HOST)
    connection.putheader("Content-Length", str(limit + 1))
    connection.endheaders()
    response = connection.getresponse()

    assert (413, b"the body is too big\n") == (response.status, response.read())
    connection.close()


def test_a_slow_client_holds_no_worker(site: Site) -> None:
    """While a body comes in slowly, the stand-in, which handles one request at a time, answers another."""
    slow = site.connect()
    slow.putrequest("POST", "/slack/events", skip_host=True)
    slow.putheader("Host", HOST)
    slow.putheader("Content-Length", "10")
    for name, value in SIGNED.items():
        slow.putheader(name, value)
    slow.endheaders(b"12345")

    other, _, _ = site.ask("POST", "/slack/events", b"{}", SIGNED)
    slow.send(b"67890")
    response = slow.getresponse()
    params = json.loads(response.read())
    slow.close()

    assert (200, 200, 10) == (other, response.status, params["length"])


def test_a_log_line_has_neither_path_nor_query(site: Site) -> None:
    """The log has time, address, method, status, two durations, and Slack's count of redeliveries."""
    site.ask("POST", "/slack/events?token=hush", b"{}", {**SIGNED, "X-Slack-Retry-Num": "3"})

    deadline = time.monotonic() + 30
    while " 3\n" not in site.log() and time.monotonic() < deadline:
        time.sleep(0.02)
    lines = [line for line in site.log().splitlines() if line.endswith(" 3")]

    assert re.fullmatch(r"20\S+ 127\.0\.0\.1 POST 200 \d\.\d{3} \d\.\d{3} 3", lines[0])
    assert "hush" not in site.log()
    assert "/" not in site.log()


def test_a_client_without_our_name_sees_no_certificate(production_site: Site) -> None:
    """A handshake with another server name, or with none, is refused."""
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
def test_tls_1_2_and_1_3_are_accepted(production_site: Site, version: ssl.TLSVersion) -> None:
    """Slack needs 1.2 or newer; the default server's own lines decide, or it would deny 1.3 and accept 1.0."""
    context = ssl.create_default_context(cafile=str(production_site.folder / "fullchain.pem"))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", production_site.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        assert version.name == (tls.version() or "").replace(".", "_")


def test_all_servers_have_the_same_lines_on_tls() -> None:
    """The lines on TLS stand twice in the production site, and at the load balancer, and must stay the same."""
    files = [(NGINX / name).read_text() for name in ("cocoai.conf", "cocoai_https.conf", "cocoai_balancer.conf")]
    default, ours, balancer = (re.findall(r"(?m)^    (ssl_(?!certificate|reject).*)$", text) for text in files)

    assert 6 == len(ours)
    assert default == ours == balancer


@pytest.mark.parametrize(("host", "path"), [("example.com", "/"), (HOST, "/"), (HOST, "/slack/events")])
def test_plain_http_is_closed_without_a_response(production_site: Site, host: str, path: str) -> None:
    """There is no redirect either: an unencrypted event must not be accepted."""
    connection = http.client.HTTPConnection("127.0.0.1", production_site.plain, timeout=30)

    def ask() -> None:
        connection.request("POST", path, b"{}", {"Host": host})
        connection.getresponse()

    # Closed or reset: that depends on how much of the request nginx has read.
    with pytest.raises(ConnectionError):
        ask()
    connection.close()


def test_the_certificate_can_be_renewed_over_plain_http(production_site: Site) -> None:
    """ACME's challenge (RFC 8555, 8.3), a file that the renewing program has written, is served."""
    folder = production_site.folder / "acme/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "practice").write_text("practice.thumbprint")
    connection = http.client.HTTPConnection("127.0.0.1", production_site.plain, timeout=30)
    connection.request("GET", "/.well-known/acme-challenge/practice", headers={"Host": HOST})

    response = connection.getresponse()

    assert (200, b"practice.thumbprint") == (response.status, response.read())
    connection.close()


def test_both_sites_log_alike() -> None:
    """The log format stands in both sites, and must stay the same."""
    formats = [
        re.findall(r"log_format [^;]+;", (NGINX / name).read_text()) for name in ("cocoai.conf", "cocoai-local.conf")
    ]

    assert 1 == len(formats[0])
    assert formats[0] == formats[1]


def test_every_replaced_name_stands_in_some_file() -> None:
    """A name that no file has any more would mean that another one is not replaced."""
    text = "\n".join((ROOT / "etc" / name).read_text() for name in etc.COPIED)

    assert [] == [name for name in names(Path("/somewhere")).replacements() if name not in text]


def test_the_copies_have_none_of_production_s_names(tmp_path: Path) -> None:
    """Only comments, which say where a file belongs in production, keep them."""
    etc.copy(str(ROOT / "etc"), names(tmp_path))

    text = "\n".join((tmp_path / "run/etc" / name).read_text() for name in etc.COPIED)
    settings = re.sub(r"(?m)(^|\s)[#;].*$", "", text)
    ours = settings.replace(str(tmp_path / "run"), "~")

    assert [] == re.findall(r"\S*(?:/run/cocoai|/var/log|/opt/|(?<!~)/etc/nginx|/etc/cocoai|/usr/sbin|8080)\S*", ours)
    assert f'"{tmp_path}/run/etc/nginx/nginx-local.conf"' in settings
    assert "--config" not in settings


def test_all_names_are_replaced_in_one_pass() -> None:
    """A replacement is not replaced again, and of two names that match the longer one counts."""
    assert "b/x a" == etc.replaced("a/x ab", {"a": "b", "ab": "a"})


def names(folder: Path) -> etc.LocalNames:
    return etc.LocalNames(
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


def test_the_socket_is_for_nginx_and_a_stop_for_the_master() -> None:
    """The socket has the group and mode for nginx, and supervisord sends TERM to the master only."""
    program = supervisor()

    assert ("cocoai:nginx", "0660", "077") == (program["socket_owner"], program["socket_mode"], program["umask"])
    assert ("TERM", "false", "false") == (program["stopsignal"], program["stopasgroup"], program["killasgroup"])
    assert "FCGI_WEB_SERVER_ADDRS" not in program["environment"]
    assert "1" == program["numprocs"]


def test_related_timeouts_keep_their_order() -> None:
    """Each timeout is longer than those that it must outlast, in the code, etc/ and Slack's documentation."""
    from cocoai.engine.pool import master
    from cocoai.slack.inbound import signature
    from cocoai.spool import admin

    slack_gives_up, slack_redelivers = 3.0, 24 * 3600.0
    default = {
        f"{section}.{key}": float(setting.default)
        for section, wanted in (("pool", "request_timeout"), ("openai", "timeout"))
        for key, setting in settings_of(section).items()
        if wanted in key
    }
    program = supervisor()

    assert default["pool.request_timeout"] < slack_gives_up < nginx_number("fastcgi_read_timeout")
    assert nginx_number("fastcgi_connect_timeout") + default["pool.request_timeout"] <= slack_gives_up
    assert default["pool.request_timeout"] < master.DRAIN < float(program["stopwaitsecs"])
    assert master.TERM_AFTER < master.KILL_AFTER
    assert float(program["stopwaitsecs"]) + 4 < STOP_TIMEOUT
    assert admin.RETENTION["done"] > slack_redelivers
    assert 300 == signature.MAX_AGE
    assert (
        default["openai.connect_timeout"]
        < default["openai.silence_timeout"]
        < default["openai.first_word_timeout"]
        < default["openai.total_timeout"]
    )
    assert request.MAX_BODY == nginx_number("client_max_body_size") * 1024
    # Of nginx's connections half are the pool's. No more can wait there than the kernel allows (somaxconn).
    connections = nginx_number("worker_connections", "nginx-local.conf")
    assert connections // 2 < int(program["socket_backlog"]) == BACKLOG
    assert connections < nginx_number("worker_rlimit_nofile", "nginx-local.conf")


def unit(name: str) -> configparser.ConfigParser:
    """Return a unit of systemd's; no key stands in it twice."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string((ROOT / "etc/systemd" / name).read_text())
    return parser


def test_the_backup_s_command_line_is_understood(tmp_path: Path) -> None:
    """It names the settings and the folder that the installation has; here they are looked for in another place."""
    command = unit("cocoai-backup.service")["Service"]["ExecStart"].split()
    (tmp_path / "cocoai.ini").write_text("[paths]\nvar = var\n")
    (tmp_path / "cocoai.ini").chmod(0o600)
    (tmp_path / "var").mkdir()
    local = {"/etc/cocoai/cocoai.ini": str(tmp_path / "cocoai.ini"), "/var/backups/cocoai": str(tmp_path / "kept")}

    assert "/opt/cocoai/bin/cocoai" == command[0]
    assert local.keys() <= set(command)
    assert 0 == main([local.get(word, word) for word in command[1:]])
    assert 1 == len(list((tmp_path / "kept").iterdir()))


def test_the_backup_is_the_owner_s_and_comes_each_night() -> None:
    """Also after a night in which the machine was off; and its disk is never left to others altogether."""
    service, timer = unit("cocoai-backup.service"), unit("cocoai-backup.timer")

    assert ("oneshot", "cocoai", "0077") == tuple(service["Service"][key] for key in ("Type", "User", "UMask"))
    assert "best-effort" == service["Service"]["IOSchedulingClass"]
    assert ("true", "timers.target") == (timer["Timer"]["Persistent"], timer["Install"]["WantedBy"])
    assert "RandomizedDelaySec" in timer["Timer"]
