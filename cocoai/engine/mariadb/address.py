"""Address: where a MariaDB database is, and as whom we come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import quote

PORT = 3306
"""The port on which MariaDB listens by default."""


@dataclass(frozen=True)
class Address:
    """A database of a server: on a Unix `socket`, or for "" at `host` and `port`.

    `is_plain` leaves out TLS on TCP, which is for a server on this machine.
    """

    database: str
    user: str
    password: str = field(default="", repr=False)
    host: str = ""
    port: int = PORT
    socket: str = ""
    is_plain: bool = False

    @property
    def has_tls(self) -> bool:
        """Check whether TLS is spoken there."""
        return not (self.socket or self.is_plain)

    def with_password(self, password: str) -> Address:
        """Return the same address with this password."""
        return replace(self, password=password)

    def __str__(self) -> str:
        """Return the address without the password, such as `mariadb://cocoai@db.example.com/cocoai`."""
        if self.socket:
            return f"mariadb://{self.user}@/{self.database}?socket={quote(self.socket)}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port != PORT else ""
        return f"mariadb://{self.user}@{host}{port}/{self.database}{'?tls=off' if self.is_plain else ''}"
