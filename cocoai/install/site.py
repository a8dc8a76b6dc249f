"""nginx's files and the certificate, in the order in which nginx takes them at each moment.

First the files for port 80, by which a certificate can be fetched; then the certificate; then the site on 443, which
nginx refuses without it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cocoai.errors import CocoAIError
from cocoai.install import nginx_main
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.steps import Command, Folder, Owner, Removal, Step, Task, WholeFile, read_text, run, succeeds
from cocoai.install.system import has
from cocoai.up import etc

COMMON = "/etc/nginx/conf.d/cocoai.conf"
"""What all installations of a machine share: the log's format, the rate limit, and the servers for unknown names."""

DROP_IN = "/etc/systemd/system/nginx.service.d/cocoai.conf"
ACME = "/var/www/acme"
_EXAMPLE = "cocoai.example.com"
HOOK = "/etc/letsencrypt/renewal-hooks/deploy/cocoai"

_RESTART = """\
# nginx's own unit has no Restart=: once killed, it would stay away until the next boot.
[Service]
Restart=on-failure
RestartSec=2
"""

_RELOAD = """\
#!/bin/sh
# certbot runs this when it has renewed a certificate: nginx shows the old one until it is reloaded.
nginx -t -q && systemctl reload nginx
"""


_REFUSED = (
    "What was written just now is as it was before. Where nginx speaks of a duplicate default server, another site of"
    " yours is one: take `default_server` from its `listen` lines, then type the same again."
)


@dataclass(frozen=True)
class NginxFiles:
    """A step that writes files of nginx and lets nginx check them; if it refuses, the files are as they were."""

    files: Sequence[WholeFile]

    def is_done(self) -> bool:
        """Check whether all of them are there."""
        return all(file.is_done() for file in self.files)

    def do(self) -> None:
        """Write them. Raise CocoAIError with nginx's words if it refuses them."""
        before = {file.path: read_text(file.path) for file in self.files}
        for file in self.files:
            file.do()
        try:
            _requireread_text(before)
        except CocoAIError:
            for path, text in before.items():
                Removal(path).do() if text is None else WholeFile(path, text).do()
            raise

    def typed(self) -> Iterator[str]:
        """Yield the commands that write them and check them."""
        for file in self.files:
            yield from file.typed()
        yield "nginx -t"


def _requireread_text(paths: Iterable[str]) -> None:
    """Raise CocoAIError if nginx refuses its files, or does not read one of these."""
    found = run(["nginx", "-T"], advice=_REFUSED)
    if unread := [path for path in paths if f"# configuration file {path}:" not in found]:
        folder = os.path.dirname(unread[0])
        raise CocoAIError(f"nginx does not read {unread[0]}: {nginx_main.MAIN} must include {folder}/*.conf")


def room() -> Task:
    """Return the steps after which nginx has room for a burst, comes back after a kill, and no other default server."""
    return Task(
        "nginx's own settings",
        [
            *nginx_main.main_settings(),
            nginx_main.FirstSiteAway(),
            Folder(ACME),
            WholeFile(DROP_IN, _RESTART),
            Command(["systemctl", "daemon-reload"]),
        ],
    )


def port_80_files(instance: Instance, choices: Choices) -> Task:
    """Return the steps that write the files for port 80, and make nginx read them."""
    files = [WholeFile(COMMON, etc.read("etc/nginx/cocoai.conf")), WholeFile(instance.site("http"), http_text(choices))]
    return Task("nginx's files for port 80", [NginxFiles(files), *_reload()])


def port_443_files(instance: Instance, choices: Choices) -> Task:
    """Return the steps that write the files for port 443, and make nginx read them."""
    files = [
        WholeFile(instance.locations, locations_text(instance)),
        WholeFile(instance.site("https"), https_text(instance, choices)),
    ]
    return Task("nginx's files for port 443", [NginxFiles(files), *_reload()])


def http_text(choices: Choices) -> str:
    """Return nginx's file for port 80, with the operator's name."""
    return etc.replaced(etc.read("etc/nginx/cocoai_http.conf"), {_EXAMPLE: choices.domain})


def https_text(instance: Instance, choices: Choices) -> str:
    """Return nginx's file for port 443, with the operator's name and certificate."""
    certificate, key = choices.certificate_files(instance)
    names = {
        f"/etc/letsencrypt/live/{_EXAMPLE}/fullchain.pem": certificate,
        f"/etc/letsencrypt/live/{_EXAMPLE}/privkey.pem": key,
        _EXAMPLE: choices.domain,
        "/etc/nginx/cocoai.locations": instance.locations,
        "/var/log/nginx/cocoai.log": f"/var/log/nginx/{instance.id}.log",
    }
    return etc.replaced(etc.read("etc/nginx/cocoai_https.conf"), names)


def locations_text(instance: Instance) -> str:
    """Return the file of nginx's locations, with the instance's socket."""
    return etc.replaced(etc.read("etc/nginx/cocoai.locations"), {"/run/cocoai/": f"{instance.run}/"})


def webroot_removed() -> Command:
    """Return the step that removes the folder ACME as far as it is empty: it may serve others' certificates too."""
    folders = [f"{ACME}/.well-known/acme-challenge", f"{ACME}/.well-known", ACME]
    line = f"rmdir --ignore-fail-on-non-empty {' '.join(folders)} 2>/dev/null || :"
    return Command(["sh", "-c", line], lambda: not os.path.isdir(ACME))


def certificate(instance: Instance, choices: Choices) -> Task:
    """Return the steps by which there is a certificate."""
    if choices.certificate:
        return Task("the certificate that is given", [Pair(choices.certificate, choices.key)])
    fullchain, key = choices.certificate_files(instance)
    if choices.is_self_signed:
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        words += ["-days", "825"]
        words += ["-subj", f"/CN={choices.domain}", "-addext", f"subjectAltName=DNS:{choices.domain}"]
        words += ["-keyout", key, "-out", fullchain]
        make = Command(words, lambda: _is_for(fullchain, key, choices.domain))
        return Task("a certificate of our own, to try", [Folder(os.path.dirname(key)), make])
    words = ["certbot", "certonly", "--webroot", "-w", ACME, "-d", choices.domain, "--non-interactive", "--agree-tos"]
    words += ["--email", choices.email] if choices.email else ["--register-unsafely-without-email"]
    fetch = Command(words, lambda: os.path.exists(fullchain) and os.path.exists(key), advice=_NO_CERTIFICATE)
    hook = WholeFile(HOOK, _RELOAD, Owner(0o755))
    return Task("the certificate, by certbot", [fetch, hook, Renewal()])


_NO_CERTIFICATE = (
    "Does the name lead to this machine (its DNS record), and do ports 80 and 443 reach it? Amazon Lightsail opens 443"
    " only when you add it in its console, under Networking. Then type the same command again: it goes on from here."
)


@dataclass(frozen=True)
class Pair:
    """A step that changes nothing: it checks that a certificate and a key that somebody else looks after fit."""

    certificate: str
    key: str

    def is_done(self) -> bool:
        """Return False: it is checked each time."""
        return False

    def do(self) -> None:
        """Raise CocoAIError if a file cannot be read, or if the two do not belong together."""
        if not _are_pair(self.certificate, self.key):
            raise CocoAIError(f"{self.key} is not the key of {self.certificate}")

    def typed(self) -> Iterator[str]:
        """Yield the commands whose outputs must be equal."""
        yield f"openssl x509 -in {self.certificate} -noout -pubkey"
        yield f"openssl pkey -in {self.key} -pubout"


def _are_pair(certificate: str, key: str) -> bool:
    """Check whether a certificate and a key belong together. Raise CocoAIError if one cannot be read."""
    public = run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"])
    return public == run(["openssl", "pkey", "-in", key, "-pubout"])


def _is_for(fullchain: str, key: str, domain: str) -> bool:
    """Check whether there is a certificate for this name, with its key, and a week left."""
    with contextlib.suppress(CocoAIError):
        return _are_pair(fullchain, key) and all(
            succeeds("openssl", "x509", "-noout", "-in", fullchain, *check)
            for check in (("-checkend", "604800"), ("-checkhost", domain))
        )
    return False


_FAULTY = "A file of nginx has a fault. Mend it, then type the same again."


def _reload() -> list[Step]:
    """Return the steps after which nginx runs, now and after a boot, by the files as they are."""
    return [
        Command(["nginx", "-t", "-q"], advice=_FAULTY),
        Command(["systemctl", "enable", "nginx"], lambda: succeeds("systemctl", "is-enabled", "-q", "nginx")),
        Command(["systemctl", "reload-or-restart", "nginx"]),
    ]


@dataclass(frozen=True)
class Renewal:
    """A step that switches the renewal on, where the system has a timer for it that is off."""

    timers: Sequence[str] = ("certbot-renew.timer", "certbot.timer")

    def is_done(self) -> bool:
        """Check whether certbot is there, and each timer of it is on."""
        return has("certbot") and not self._off()

    def do(self) -> None:
        """Switch it on. Raise CocoAIError if systemd refuses that."""
        for timer in self._off():
            run(["systemctl", "enable", "--now", timer])

    def typed(self) -> Iterator[str]:
        """Yield a command that switches on what is there by then."""
        switch = 'if systemctl cat "$timer" >/dev/null 2>&1; then systemctl enable --now "$timer"; fi'
        yield f"for timer in {' '.join(self.timers)}; do {switch}; done"

    def _off(self) -> list[str]:
        there = [timer for timer in self.timers if succeeds("systemctl", "cat", timer)]
        return [timer for timer in there if not succeeds("systemctl", "is-enabled", "-q", timer)]
