"""Give a root this machine's way to the package registries: apt's sources and options, pip's options, authorities, DNS.

All is read from this machine at run time, so that the project names no registry. What names a local folder of this
machine (such as pip's find-links) is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
"""The keys of Debian's archive; part of every Debian."""

AUTHORITIES = "usr/local/share/ca-certificates"
"""The folder of a machine's own certificate authorities, from which update-ca-certificates(8) reads."""

RESOLVERS = Path("/run/systemd/resolve/resolv.conf")
"""The real resolvers of a machine whose /etc/resolv.conf names systemd-resolved at 127.0.0.53."""

_APT_OPTION = re.compile(r"Acquire::(?:\w+::)?(?:Proxy\b|Timeout|Retries|Check-|Verify-|CaInfo)", re.IGNORECASE)
_PIP_OPTION = re.compile(r"(?:\w+|:env:)\.(index-url|extra-index-url|proxy|trusted-host|(?:default-)?timeout)='(.*)'")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy")
_ON_LOOPBACK = re.compile(r"//(?:127\.0\.0\.1|localhost):(\d+)")


@dataclass(frozen=True)
class Source:
    """One of apt's sources of Debian packages: its address and its suites, such as bookworm-updates."""

    uri: str
    suites: tuple[str, ...]


def own_codename() -> str:
    """Return the codename of this machine's Debian, such as bookworm. Raise LookupError if it is another system."""
    found = re.search(r"^VERSION_CODENAME=(\w+)$", Path("/etc/os-release").read_text(), re.MULTILINE)
    if not found:
        raise LookupError("this machine is no Debian: /etc/os-release has no VERSION_CODENAME")
    return found[1]


def debian_mirror() -> str:
    """Return the address from which this machine's apt takes Debian itself. Raise LookupError if it has none."""
    codename = own_codename()
    for source in debian_sources(codename):
        if codename in source.suites:
            return source.uri
    raise LookupError(f"no source of {codename} in {APT}")


def debian_sources(codename: str, folder: Path = APT) -> list[Source]:
    """Return apt's sources in `folder` of this release's packages; those of other makers' packages are left out."""
    return [each for each in _all_sources(folder) if all(suite.split("-")[0] == codename for suite in each.suites)]


def _all_sources(folder: Path) -> Iterator[Source]:
    """Yield apt's sources of binary packages, of both formats (sources.list(5))."""
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]:
        lines = path.read_text().splitlines() if path.exists() else ()
        for line in lines:
            if found := re.match(r"deb\s+(?:\[.*?\]\s+)?(\S+)\s+(\S+)", line):
                yield Source(found[1], (found[2],))
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
        for paragraph in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
            if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
                yield from (Source(uri, tuple(fields["Suites"].split())) for uri in fields["URIs"].split())


def apply(root: Path, codename: str) -> None:
    """Write this machine's settings into the tree of a Debian release; its codename stands in place of our own."""
    own = own_codename()
    (root / "etc/apt/sources.list").write_text("")  # debootstrap's own
    (root / "etc/apt/sources.list.d/debian.sources").write_text(as_stanzas(debian_sources(own)).replace(own, codename))
    (root / "etc/apt/apt.conf.d/99machine").write_text(apt_options(_output("apt-config", "dump")))
    (root / "etc/pip.conf").write_text(pip_options(_output(sys.executable, "-m", "pip", "config", "list")))
    (root / "etc/environment").write_text("".join(f'{name}="{value}"\n' for name, value in proxies().items()))
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    shutil.copyfile(RESOLVERS if RESOLVERS.exists() else "/etc/resolv.conf", root / "etc/resolv.conf")
    for path in (Path("/") / AUTHORITIES).glob("*.crt"):
        (root / AUTHORITIES).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, root / AUTHORITIES / path.name)
    subprocess.run(["chroot", str(root), "update-ca-certificates"], check=True, capture_output=True)


def as_stanzas(sources: Sequence[Source]) -> str:
    """Return these sources as the text of a .sources file."""
    return "\n".join(
        f"Types: deb\nURIs: {source.uri}\nSuites: {' '.join(source.suites)}\nComponents: main\nSigned-By: {KEYRING}\n"
        for source in sources
    )


def apt_options(dump: str) -> str:
    """Return those options of `apt-config dump` that concern the network, as lines of apt.conf(5)."""
    return "".join(f"{line}\n" for line in dump.splitlines() if _APT_OPTION.match(line))


def pip_options(dump: str) -> str:
    """Return those options of `pip config list` that concern the network, as a pip.conf; one of a later line wins."""
    # pip trusts a list of its own; the root's list holds this machine's authorities as well.
    found = {"cert": "/etc/ssl/certs/ca-certificates.crt"}
    for name, value in (match.groups() for match in map(_PIP_OPTION.match, dump.splitlines()) if match):
        found[name] = " ".join(each for each in value.split() if not each.startswith("file:"))
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in found.items() if value)


def proxies() -> dict[str, str]:
    """Return the variables of this machine's environment that name proxies, in small letters as curl wants them."""
    found = {name: os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXY_VARIABLES}
    return {name: value for name, value in found.items() if value}


def loopback_ports(root: Path) -> set[int]:
    """Return the ports of 127.0.0.1 that the settings in a tree name, at which a proxy or a mirror of ours listens."""
    names = ("apt/sources.list.d/debian.sources", "apt/apt.conf.d/99machine", "pip.conf", "environment")
    return {int(port) for name in names for port in _ON_LOOPBACK.findall((root / "etc" / name).read_text())}


def _output(*command: str) -> str:
    """Return what a command writes to stdout. Raise `subprocess.CalledProcessError` if it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
