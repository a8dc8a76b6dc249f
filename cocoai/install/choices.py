"""Choices: what the operator chose for an installation. They are kept, so that an upgrade asks for nothing."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from cocoai.errors import CocoAIError
from cocoai.install.instance import Instance
from cocoai.install.steps import WholeFile

SHAPES = ("supervisor", "systemd")
"""What runs the pool: a supervisord of its own, or systemd alone."""

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_PATH = re.compile(r"/[\w./@+-]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class Choices:
    """What the operator chose.

    `domain` is the name under which Slack finds the machine. `certificate` and `key` are the paths of files that the
    operator looks after; without them a certificate is fetched by certbot, or made here if `is_self_signed`.
    """

    domain: str
    shape: str = SHAPES[0]
    certificate: str = ""
    key: str = ""
    is_self_signed: bool = False
    email: str = ""

    @property
    def is_by_certbot(self) -> bool:
        """Check whether certbot fetches the certificate."""
        return not (self.certificate or self.is_self_signed)

    def certificate_files(self, instance: Instance) -> tuple[str, str]:
        """Return the paths of the certificate with its chain, and of its key."""
        if self.certificate:
            return self.certificate, self.key
        folder = f"{instance.folder}/tls" if self.is_self_signed else f"/etc/letsencrypt/live/{self.domain}"
        return f"{folder}/fullchain.pem", f"{folder}/privkey.pem"

    def check(self) -> None:
        """Raise CocoAIError if a choice cannot be meant."""
        if not _DOMAIN.fullmatch(self.domain):
            raise CocoAIError(f"--domain {self.domain}: expected a name such as cocoai.example.com, in lower case")
        if self.shape not in SHAPES:
            raise CocoAIError(f"--with {self.shape}: expected {' or '.join(SHAPES)}")
        if bool(self.certificate) != bool(self.key):
            raise CocoAIError("--certificate and --key belong together: give both, or neither")
        if self.certificate and self.is_self_signed:
            raise CocoAIError("--self-signed makes a certificate: give it alone, or --certificate and --key")
        for option, path in (("--certificate", self.certificate), ("--key", self.key)):
            if path and not _PATH.fullmatch(path):
                raise CocoAIError(f"{option} {path}: expected a full path without spaces or signs that nginx misreads")
        if self.email and not _EMAIL.fullmatch(self.email):
            raise CocoAIError(f"--email {self.email}: expected an address such as you@example.com")

    def file(self, instance: Instance) -> WholeFile:
        """Return the step that keeps them."""
        return WholeFile(instance.choices, json.dumps(asdict(self), indent=2) + "\n")


def kept(instance: Instance) -> Choices | None:
    """Return the choices of the installation that is there; None if there is none. Raise CocoAIError if unreadable."""
    try:
        with open(instance.choices, encoding="utf-8") as file:
            values = json.load(file)
        choices = Choices(**{field.name: values[field.name] for field in fields(Choices) if field.name in values})
        choices.check()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise CocoAIError(f"{instance.choices} can be read by root only: type it with sudo, --dry-run too") from None
    except (OSError, ValueError, TypeError) as error:
        raise CocoAIError(f"{instance.choices}: {error}; remove it, and give the options again") from None
    return choices


def others(instance: Instance, pattern: str = "/etc/cocoai*/install.json") -> Iterator[tuple[str, Choices]]:
    """Yield the id and the choices of each other installation of this machine, as far as they can be read."""
    for path in sorted(glob.glob(pattern)):
        other = Instance(os.path.basename(os.path.dirname(path)))
        with contextlib.suppress(CocoAIError):
            if other != instance and (choices := kept(other)) is not None:
                yield other.id, choices
