"""Over a network the server has to prove its name, by an authority that we trust; otherwise nothing is said to it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai import config
from cocoai.engine.client.tls import tls_context
from cocoai.engine.mariadb import mariadb as engine
from cocoai.engine.mariadb.address import Address
from cocoai.engine.mariadb.errors import Unreachable
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.stores import database_of
from tests.mariadb.server import Server

if TYPE_CHECKING:
    from cocoai.rehearsal.certificates import Certificates

PASSWORD = "pass-word"


@pytest.fixture
def serve(
    mariadb: Server, database: MariaDB, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Address]]:
    """Return a function that lets the server listen on 127.0.0.1 and 127.0.0.2, and returns the database's address."""
    monkeypatch.setattr(engine, "PAUSE", 0.0)
    name = f"u_{database.address.database}"
    database.execute(f"CREATE USER {name}@'127.%%' IDENTIFIED BY '{PASSWORD}'")
    database.execute(f"GRANT ALL ON {database.address.database}.* TO {name}@'127.%%'")

    def start(*options: str) -> Address:
        port = free_port()
        mariadb.stop()
        mariadb.start(f"--port={port}", "--bind-address=127.0.0.1,127.0.0.2", *options)
        return Address(database.address.database, name, PASSWORD, host="127.0.0.1", port=port)

    yield start
    database.execute(f"DROP USER {name}@'127.%%'")


def _with(certificates: Certificates) -> tuple[str, str]:
    return f"--ssl-cert={certificates.cert_file}", f"--ssl-key={certificates.key_file}"


def _cipher(database: MariaDB) -> str:
    """Return the cipher of a connection, "" if it has none."""
    ((_, cipher),) = database.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    database.close()
    return str(cipher)


def test_a_server_is_spoken_to_if_its_certificate_is_for_its_name(
    serve: Callable[..., Address], certificates: Certificates
) -> None:
    """And if we trust who signed it; the password does not travel before."""
    address = serve(*_with(certificates))
    trusting = tls_context(certificates.ca_file)
    elsewhere = Address(address.database, address.user, PASSWORD, host="127.0.0.2", port=address.port)
    noted: list[int] = []

    assert _cipher(MariaDB(address, trusting))
    for refused, context, why in (
        (address, tls_context(), "certificate verify failed"),
        (elsewhere, trusting, "IP address mismatch"),
    ):
        with pytest.raises(Unreachable, match=why):
            MariaDB(refused, context, note=noted.append).rows("SELECT 1")
    assert [2003, 2003] == noted


def test_a_server_without_tls_is_told_nothing(serve: Callable[..., Address]) -> None:
    """Unless our settings say that none is wanted, on this machine."""
    address = serve("--skip-ssl")
    plain = Address(address.database, address.user, PASSWORD, host="127.0.0.1", port=address.port, is_plain=True)

    with pytest.raises(Unreachable, match="SSL is required") as caught:
        MariaDB(address, tls_context()).rows("SELECT 1")

    assert (2026, False) == (caught.value.number, caught.value.may_pass)
    assert "" == _cipher(MariaDB(plain))


def test_tls_without_a_word_about_whom_to_trust_is_refused() -> None:
    """PyMySQL would trust anybody."""
    with pytest.raises(ValueError, match="whom to trust"):
        MariaDB(Address("db", "user", host="db.example.com"))


def test_the_settings_lead_to_a_server_with_tls(
    tmp_path: Path, serve: Callable[..., Address], certificates: Certificates
) -> None:
    """[store] has the address and the password, [network] the authority."""
    address = serve(*_with(certificates))
    file = tmp_path / "c.ini"
    file.write_text(f"[store]\nurl = {address}\npassword = {PASSWORD}\n[network]\nca_file = {certificates.ca_file}\n")
    file.chmod(0o600)

    by_settings = database_of(config.read(str(file), {}, secrets=False))

    assert by_settings
    assert address == by_settings.address
    assert _cipher(by_settings)


def test_two_connections_share_one_context(serve: Callable[..., Address], certificates: Certificates) -> None:
    """PyMySQL would make one for each, which takes 40 ms."""
    address = serve(*_with(certificates))
    made: list[ssl.SSLContext] = []
    original = ssl.create_default_context

    def noted(*arguments: Any, **options: Any) -> ssl.SSLContext:
        made.append(original(*arguments, **options))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", noted)
        database = MariaDB(address, tls_context(certificates.ca_file))
        ciphers = [_cipher(database) for _ in range(2)]

    assert (1, True) == (len(made), all(ciphers))
