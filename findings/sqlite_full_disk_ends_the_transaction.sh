#!/bin/sh
# SQLite 3.54.1 (PyPI apsw 3.54.1.0): a full disk ends the transaction, and what follows in it is committed row by row.
#
# One would guess that a statement that fails undoes itself, and that the transaction stays open until it is committed
# or rolled back, as after a violated constraint. After SQLITE_FULL the whole transaction has been rolled back, and the
# connection is in autocommit mode again without having said so: a program that catches the error and goes on loses the
# rows before it, keeps each row after it at once, and can take none of them back.
#
# It matters here because what the ledger writes in one transaction counts as a whole, or not at all. So the first error
# ends it, and `in_transaction` is asked before ROLLBACK, whose own error would hide the first
# (cocoai/ledger/database.py).
#
# The disk is a limit on the file's pages, which SQLite treats as a full one.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apsw==3.54.1.0

cat >transaction.py <<'END'
"""Insert before, a row that cannot be inserted, for the reason $1, and after, and roll back."""
import sys, apsw

connection = apsw.Connection(f"{sys.argv[1]}.sqlite3")
connection.execute("CREATE TABLE row (name TEXT UNIQUE, content BLOB)")
connection.execute("PRAGMA max_page_count = 20").fetchall()
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO row VALUES ('before', NULL)")
try:
    if sys.argv[1] == "full":
        connection.execute("INSERT INTO row VALUES ('large', zeroblob(1000000))")
    else:
        connection.execute("INSERT INTO row VALUES ('before', NULL)")
except apsw.Error as error:
    print(error, end="; ")
print("in a transaction" if connection.in_transaction else "in no transaction", end="; ")
connection.execute("INSERT INTO row VALUES ('after', NULL)")
try:
    connection.execute("ROLLBACK")
except apsw.Error as error:
    print(error, end="; ")
connection.close()
rows = apsw.Connection(f"{sys.argv[1]}.sqlite3").execute("SELECT name FROM row").fetchall()
print("rows:", *(name for (name,) in rows))
END

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

expect "version" 3.54.1 "$(venv/bin/python -c 'import apsw; print(apsw.sqlite_lib_version())')"
expect "a violated constraint" \
    "UNIQUE constraint failed: row.name; in a transaction; rows:" "$(venv/bin/python transaction.py unique)"
expect "a full disk" \
    "database or disk is full; in no transaction; cannot rollback - no transaction is active; rows: after" \
    "$(venv/bin/python transaction.py full)"
