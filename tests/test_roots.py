"""bench/roots: a bare root has this machine's way to the registries, of nobody else's packages and no local folder.

That roots boot is proven by `python -m bench.roots check`, as root and with network.
"""

from __future__ import annotations

import os
from pathlib import Path

from bench.roots.container import Leader
from bench.roots.machine_settings import Source, apt_options, as_stanzas, debian_sources, loopback_ports, pip_options
from bench.roots.network import Network
from bench.roots.root import Root
from cocoai.engine.process.proc import start_time

DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
"""


def test_apts_sources_are_read_in_both_formats(tmp_path: Path) -> None:
    """Sources of Debian itself are taken from every file of apt's; no other maker's, and none that is switched off."""
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb http://comment.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/x.gpg] http://old.example/debian bookworm main contrib\n"
        "deb-src http://old.example/debian bookworm main\n"
    )
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d/other.list").write_text("deb https://other.example/apt stable main\n")
    (tmp_path / "sources.list.d/off.list.disabled").write_text("deb http://disabled.example/debian bookworm main\n")

    assert [
        Source("http://old.example/debian", ("bookworm",)),
        Source("http://mirror.example/debian", ("bookworm", "bookworm-updates")),
        Source("http://mirror.example/debian-security", ("bookworm-security",)),
    ] == debian_sources("bookworm", tmp_path)


def test_what_is_written_for_apt_can_be_read_again(tmp_path: Path) -> None:
    """A .sources file made of sources has these very sources."""
    sources = [Source("http://a.example/debian", ("trixie", "trixie-updates")), Source("http://b.example", ("trixie",))]
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(as_stanzas(sources))

    assert sources == debian_sources("trixie", tmp_path)


def test_only_what_concerns_the_network_is_taken_of_apts_options() -> None:
    """Proxies, time-outs and checks are kept; hooks and what apt keeps on disk are not."""
    kept = (
        'Acquire::http::Proxy "http://127.0.0.1:3128";\n'
        'Acquire::https::CaInfo "/etc/ssl/own.pem";\n'
        'Acquire::Check-Date "false";\n'
        'Acquire::Retries "3";\n'
    )
    left_out = 'APT::Update::Post-Invoke:: "rm -f /var/cache/x";\nAcquire::GzipIndexes "true";\nAcquire "";\n'

    assert kept == apt_options(left_out + kept)


def test_only_what_concerns_the_network_is_taken_of_pips_options() -> None:
    """Folders and constraints of this machine are left out; the authorities are the root's own; the last line wins."""
    dump = (
        "global.cert='/etc/ssl/this-machine.pem'\n"
        "global.find-links='/opt/wheels'\n"
        "global.constraint='/etc/constraints.txt'\n"
        "global.extra-index-url='file:///opt/simple https://a.example/simple'\n"
        "global.timeout='10'\n"
        ":env:.timeout='180'\n"
    )

    assert (
        "[global]\n"
        "cert = /etc/ssl/certs/ca-certificates.crt\n"
        "extra-index-url = https://a.example/simple\n"
        "timeout = 180\n"
    ) == pip_options(dump)


def test_a_proxy_on_loopback_is_found(tmp_path: Path) -> None:
    """Its port is to be shared with the root, where the same address must lead to it."""
    for name in ("apt/sources.list.d/debian.sources", "apt/apt.conf.d/99machine", "pip.conf", "environment"):
        (tmp_path / "etc" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc" / name).write_text("http://proxy.example:8080\n")
    (tmp_path / "etc/environment").write_text('https_proxy="http://localhost:3129"\n')
    (tmp_path / "etc/apt/apt.conf.d/99machine").write_text('Acquire::http::Proxy "http://127.0.0.1:3128/";\n')

    assert {3128, 3129} == loopback_ports(tmp_path)


def test_a_pid_alone_is_no_booted_root() -> None:
    """Process 1 is known by its start time too: a later process of the same pid is never taken for it, nor killed."""
    own = os.getpid()

    assert Leader(own, start_time(own)).is_alive
    assert not Leader(own, start_time(own) + 1).is_alive
    assert not Leader(0, 0).is_alive


def test_removing_a_root_that_is_gone_is_no_error(tmp_path: Path) -> None:
    """A run that was killed may be cleaned up twice."""
    root = Root("gone", tmp_path)

    root.remove()

    assert not root.home.exists()


def test_each_network_has_addresses_of_its_own() -> None:
    """Two roots, and this machine's side of each, never share an address, and an interface's name fits the kernel."""
    networks = [Network(number) for number in range(64)]

    assert 128 == len({address for each in networks for address in (each.address, each.host_address)})
    assert 15 >= max(len(each.name) for each in networks)
