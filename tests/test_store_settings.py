"""The address of a database is one line of text, without its password, and is read as it is written."""

from __future__ import annotations

import pytest

from cocoai.config.store_settings import parse_address
from cocoai.engine.mariadb.address import PORT, Address

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mariadb://cocoai@db.example.com/cocoai", Address("cocoai", "cocoai", host="db.example.com")),
        ("mariadb://c@10.0.0.2:3307/team-1", Address("team-1", "c", host="10.0.0.2", port=3307)),
        ("mariadb://c@[fd00::2]/db", Address("db", "c", host="fd00::2")),
        ("mariadb://c@[fd00::2]:3307/db", Address("db", "c", host="fd00::2", port=3307)),
        ("mariadb://c@localhost/db?tls=off", Address("db", "c", host="localhost", is_plain=True)),
        ("mariadb://c@[::1]:3307/db?tls=off", Address("db", "c", host="::1", port=3307, is_plain=True)),
        ("mariadb://c@/db?socket=/run/mysqld/mysqld.sock", Address("db", "c", socket="/run/mysqld/mysqld.sock")),
        ("mariadb://c@/db?socket=/tmp/a%20%26%20b%2B", Address("db", "c", socket="/tmp/a & b+")),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, address: Address) -> None:
    """Nothing but the password is left out."""
    assert address == parse_address(text)
    assert text == str(address)
    assert text == str(parse_address(str(address)))


def test_what_is_the_default_need_not_be_written() -> None:
    """Port 3306 and TLS are; the host is written in small letters."""
    address = parse_address(f"mariadb://c@DB.example:{PORT}/db?tls=on")

    assert "mariadb://c@db.example/db" == str(address)
    assert address.has_tls
    assert [False, False] == [
        parse_address(text).has_tls for text in ("mariadb://c@127.0.0.1/db?tls=off", "mariadb://c@/db?socket=/s/s")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mysql://c@db/db",
        "mariadb:c@db/db",
        "//c@db/db",
        "c@db/db",
        "mariadb://db/db",
        "mariadb://@db/db",
        "mariadb://c:secret@db/db",
        "mariadb://c:@db/db",
        "mariadb://c@db",
        "mariadb://c@db/",
        "mariadb://c@db/a/b",
        "mariadb://c@db/a`b",
        "mariadb://c@/db",
        "mariadb://c@db:0/db",
        "mariadb://c@db:70000/db",
        "mariadb://c@db:x/db",
        "mariadb://c@[fd00::2/db",
        "mariadb://c@db,db2/db",
        "mariadb://c@db//db",
        "mariadb://c@team@db/db",
        "mariadb://c@db/db?tls=no",
        "mariadb://c@db/db?tls=off",
        "mariadb://c@127.0.0.1.example.com/db?tls=off",
        "mariadb://c@127.0.0.1/db?tls=on&tls=off&socket=",
        "mariadb://c@db/db?tls",
        "mariadb://c@db/db?ssl=on",
        "mariadb://c@db/db#x",
        "mariadb://c@db/db?socket=/s/s",
        "mariadb://c@/db?socket=s",
        "mariadb://c@/db?socket=",
        "mariadb://c@/db?socket=/s/s&tls=off",
        "mariadb://c@/db?socket=/" + "s" * 107,
        "mariadb://c@\ndb/db",
        "mariadb://c@データ/db",
        " mariadb://c@db/db",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """A half one as well: nothing is guessed."""
    with pytest.raises(ValueError, match=r"^"):
        parse_address(text)


def test_the_password_is_not_shown() -> None:
    """Neither by str, nor by repr."""
    address = Address("db", "c", password="secret", host="db")

    assert [] == [text for text in (str(address), repr(address)) if "secret" in text]
