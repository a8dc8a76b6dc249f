"""nginx's files and the certificate, in the order in which nginx takes them at each moment.

First the files for port 80, by which a certificate can be fetched; then the certificate; then the site on 443, which
nginx refuses without it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.install.steps import Command, Folder, Owner, Removal, Step, Task, WholeFile, run, succeeds
from cocoai.up import etc

COMMON = "/etc/nginx/conf.d/cocoai.conf"
"""What all installations of a machine share: the log's format, the rate limit, and the servers for unknown names."""

DEFAULT_SITE = "/etc/nginx/sites-enabled/default"
"""Debian's first site, a default server as ours: nginx refuses two of them."""

DEFAULT_SITE_BEFORE = "/etc/nginx/default.before-cocoai"

MAIN = "/etc/nginx/nginx.conf"
MAIN_BEFORE = f"{MAIN}.before-cocoai"

_ROOM = (
    r"s/^\(\s*worker_connections\s\+\)[0-9]\+;/\12048;/",
    r"s/^\(\s*worker_processes\s\+\)auto;/\11;/",
    r"0,/^\s*worker_processes/s/^\s*worker_processes/worker_rlimit_nofile 4096;\n&/",
)
"""sed(1)'s commands that change MAIN. 200 questions in one instant are 400 requests, of two connections each.
One worker process is enough, and each further one takes 3 MiB."""

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


@dataclass(frozen=True)
class NginxFiles:
    """A step that writes files of nginx and lets nginx check them; if it refuses, the files are as they were."""

    files: Sequence[WholeFile]

    def is_done(self) -> bool:
        """Check whether all of them are there."""
        return all(file.is_done() for file in self.files)

    def do(self) -> None:
        """Write them. Raise CocoAIError with nginx's words if it refuses them."""
        before = {file.path: _read(file.path) for file in self.files}
        for file in self.files:
            file.do()
        try:
            run(["nginx", "-t"], advice="Nothing of nginx was changed.")
        except CocoAIError:
            for path, text in before.items():
                Removal(path).do() if text is None else WholeFile(path, text).do()
            raise

    def typed(self) -> Iterator[str]:
        """Yield the commands that write them and check them."""
        for file in self.files:
            yield from file.typed()
        yield "nginx -t"


def room() -> Task:
    """Return the steps after which nginx has room for a burst, comes back after a kill, and no other default server."""
    return Task(
        "nginx's own settings",
        [
            *_main_settings(),
            Command(["mv", DEFAULT_SITE, DEFAULT_SITE_BEFORE], lambda: not os.path.lexists(DEFAULT_SITE)),
            Folder(ACME),
            WholeFile(DROP_IN, _RESTART),
            Command(["systemctl", "daemon-reload"]),
        ],
    )


def port_80_files(instance: Instance, choices: Choices) -> Task:
    """Return the steps that write the files for port 80, and make nginx read them."""
    files = [WholeFile(COMMON, _read_etc("nginx/cocoai.conf")), WholeFile(instance.site("http"), http_text(choices))]
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
    return etc.replaced(_read_etc("nginx/cocoai_http.conf"), {_EXAMPLE: choices.domain})


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
    return etc.replaced(_read_etc("nginx/cocoai_https.conf"), names)


def locations_text(instance: Instance) -> str:
    """Return the file of nginx's locations, with the instance's socket."""
    return etc.replaced(_read_etc("nginx/cocoai.locations"), {"/run/cocoai/": f"{instance.run}/"})


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
    return Task("the certificate, by certbot", [fetch, hook, *_renewal()])


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
        mine = run(["openssl", "x509", "-in", self.certificate, "-noout", "-pubkey"])
        if mine != run(["openssl", "pkey", "-in", self.key, "-pubout"]):
            raise CocoAIError(f"{self.key} is not the key of {self.certificate}")

    def typed(self) -> Iterator[str]:
        """Yield the commands whose outputs must be equal."""
        yield f"openssl x509 -in {self.certificate} -noout -pubkey"
        yield f"openssl pkey -in {self.key} -pubout"


def _is_for(fullchain: str, key: str, domain: str) -> bool:
    """Check whether there is a certificate for this name, with its key, and a week left."""
    return os.path.exists(key) and all(
        succeeds("openssl", "x509", "-noout", "-in", fullchain, *check)
        for check in (("-checkend", "604800"), ("-checkhost", domain))
    )


def _main_settings() -> list[Step]:
    """Return the steps that give nginx room for a burst, and keep its file as it was before."""
    return [
        Command(["cp", "-n", MAIN, MAIN_BEFORE], lambda: os.path.exists(MAIN_BEFORE)),
        *(
            Command(["sed", "-i", change, MAIN], done)
            for change, done in zip(_ROOM, (_is_roomy, _has_one_worker, _has_descriptors), strict=True)
        ),
    ]


def _is_roomy() -> bool:
    found = re.search(r"(?m)^\s*worker_connections\s+(\d+);", _read(MAIN) or "")
    return found is not None and int(found[1]) >= 2048


def _has_one_worker() -> bool:
    return not re.search(r"(?m)^\s*worker_processes\s+auto;", _read(MAIN) or "")


def _has_descriptors() -> bool:
    return re.search(r"(?m)^\s*worker_rlimit_nofile\s", _read(MAIN) or "") is not None


def undone() -> list[Step]:
    """Return the steps that give nginx back its own main file and first site, unless they were changed since."""
    steps: list[Step] = []
    if os.path.exists(MAIN_BEFORE):
        changed = run(["sed", *(word for change in _ROOM for word in ("-e", change)), MAIN_BEFORE])
        steps.append(Command(["mv", MAIN_BEFORE, MAIN]) if changed == _read(MAIN) else Removal(MAIN_BEFORE))
    if os.path.lexists(DEFAULT_SITE_BEFORE) and not os.path.lexists(DEFAULT_SITE):
        steps.append(Command(["mv", DEFAULT_SITE_BEFORE, DEFAULT_SITE]))
    return steps


def _reload() -> list[Step]:
    """Return the steps after which nginx runs, now and after a boot, by the files as they are."""
    return [
        Command(["systemctl", "enable", "nginx"], lambda: succeeds("systemctl", "is-enabled", "-q", "nginx")),
        Command(["systemctl", "reload-or-restart", "nginx"]),
    ]


def _renewal() -> list[Step]:
    """Return the step that switches the renewal on, where the system has a timer for it that is off."""
    timers = ("certbot-renew.timer", "certbot.timer")
    name = next((name for name in timers if succeeds("systemctl", "cat", name)), None)
    if name is None:
        return []
    return [Command(["systemctl", "enable", "--now", name], lambda: succeeds("systemctl", "is-enabled", "-q", name))]


def _read_etc(name: str) -> str:
    with open(os.path.join(etc.find_etc(), name), encoding="utf-8") as file:
        return file.read()


def _read(path: str) -> str | None:
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
    return None
