"""Define the settings about where jobs, the ledger and the history are stored: on this machine, or in a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from cocoai.config.setting import Setting
from cocoai.config.value_types import SECRET, Secret, ValueType
from cocoai.engine.client.tls import is_loopback_host
from cocoai.engine.mariadb.address import PORT, Address

_WORD = re.compile(r"[!-~]+")
_NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")
_SOCKET = re.compile(r"/[^\0\n]{1,106}")


def parse_address(text: str, _folder: str = "") -> Address:
    """Return the address of a database by its URL, without a password.

    Raise ValueError for any other URL, one that holds a password, and one that would be read without TLS on the way.
    """
    # urlsplit leaves out line ends: a URL over several lines would be another one.
    url = urlsplit(text if _WORD.fullmatch(text) else "")
    options = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    user, database, host = url.username or "", url.path.removeprefix("/"), url.hostname or ""
    if url.scheme != "mariadb" or url.password is not None or url.fragment:
        raise ValueError
    if not (_NAME.fullmatch(user) and _NAME.fullmatch(database)):
        raise ValueError
    if "socket" in options:
        if host or url.port is not None or len(options) > 1 or not _SOCKET.fullmatch(options["socket"]):
            raise ValueError
        return Address(database, user, socket=options["socket"])
    port = PORT if url.port is None else url.port
    is_plain = options == {"tls": "off"} and is_loopback_host(host)
    if not (_HOST.fullmatch(host) and port and (is_plain or options in ({}, {"tls": "on"}))):
        raise ValueError
    return Address(database, user, host=host, port=port, is_plain=is_plain)


DATABASE = ValueType(
    "mariadb://USER@HOST/DATABASE, with TLS unless HOST is this machine and `?tls=off` stands behind it, or "
    "mariadb://USER@/DATABASE?socket=/PATH; the password is a setting of its own",
    parse_address,
    empty=None,
)
"""The type of the address of a database."""


@dataclass(frozen=True)
class StoreSettings:
    """[store]: where jobs, what is known of threads, the ledger and the history lie."""

    url: Annotated[
        Address | None,
        Setting(
            DATABASE,
            "",
            "a MariaDB database that several CocoAI machines share, for which the extra `cocoai[mariadb]` is needed; "
            "empty for files on this machine",
        ),
    ]
    password: Annotated[Secret, Setting(SECRET, "", "the password of the database's user; never shown")]

    @property
    def address(self) -> Address | None:
        """Return where the database is, with its password; None if there is none."""
        return self.url and self.url.with_password(self.password)
