#!/bin/sh
# SQLite 3.54.1 (PyPI apsw 3.54.1.0): a connection that the parent has open at a fork harms the child's own one.
#
# One would guess that the rule "do not carry a connection across a fork" is kept by a child that never touches the
# inherited one and opens the file itself, since the kernel gives it none of its parent's locks. But SQLite also keeps
# its locks on a file in memory, and these are inherited. So the child takes what its parent holds for its own.
# - WAL, the parent's connection merely idle: the parent's proper close finds nobody else and removes the WAL, which
#   the child has open. The child commits, reads its row back, and it is gone. integrity_check says ok.
# - A rollback journal, the parent inside a transaction: the child is told "database is locked" for as long as it lives,
#   though the parent has committed and closed, and another process has written since.
#
# It matters here because the pool forks for every question, and a row of the ledger that vanishes is money that nobody
# counts. So the ledger is opened anew for each transaction, after the fork (cocoai/ledger/database.py).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apsw==3.54.1.0

cat >child.py <<'END'
"""Fork while the parent has the file open, or not: wal|truncate open|closed. Print what each saw."""
import os, subprocess, sys, apsw

mode, state = sys.argv[1:]
path = f"{mode}-{state}.sqlite3"

def connect():
    connection = apsw.Connection(path)
    connection.set_busy_timeout(1000)
    connection.execute("PRAGMA synchronous = FULL")
    return connection

def insert(connection, who):
    try:
        connection.execute("INSERT INTO row VALUES (?)", (who,))
    except apsw.BusyError as error:
        print(f"the {who}: {error}", flush=True)

def rows(connection):
    return ",".join(who for (who,) in connection.execute("SELECT who FROM row ORDER BY rowid").fetchall())

parent = connect()
parent.execute(f"PRAGMA journal_mode = {mode}").fetchall()
parent.execute("CREATE TABLE row (who TEXT)")
if state == "closed":
    parent.close()
elif mode == "truncate":
    parent.execute("BEGIN IMMEDIATE")
    insert(parent, "parent")

from_child, to_parent = os.pipe()
from_parent, to_child = os.pipe()
pid = os.fork()
if not pid:
    try:
        own = connect()
        rows(own)
        os.write(to_parent, b"-")
        os.close(to_child)
        os.read(from_parent, 1)
        insert(own, "child")
        print(f"the child reads: {rows(own)}", flush=True)
        own.close()
    finally:
        os._exit(0)
os.close(to_parent)
os.read(from_child, 1)  # the child has its connection
if state == "closed":
    parent = connect()
    if mode == "truncate":
        parent.execute("BEGIN IMMEDIATE")
        insert(parent, "parent")
if mode == "truncate":
    parent.execute("COMMIT")
else:
    insert(parent, "parent")
parent.close()
if mode == "truncate":
    write = "import apsw, sys; apsw.Connection(sys.argv[1]).execute(\"INSERT INTO row VALUES ('other')\")"
    subprocess.run([sys.executable, "-c", write, path], check=True)
os.close(to_child)
os.waitpid(pid, 0)
after = connect()
print(f"in the end: {rows(after)}, {after.execute('PRAGMA integrity_check').fetchall()[0][0]}")
END

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

ask() { # journal mode, whether the parent has the file open at the fork: print what was seen, on one line
    venv/bin/python child.py "$1" "$2" | tr '\n' ';'
}

expect "version" 3.54.1 "$(venv/bin/python -c 'import apsw; print(apsw.sqlite_lib_version())')"
expect "wal, opened after the fork" \
    "the child reads: parent,child;in the end: parent,child, ok;" "$(ask wal closed)"
expect "wal, idle at the fork" \
    "the child reads: parent,child;in the end: parent, ok;" "$(ask wal open)"
expect "truncate, opened after the fork" \
    "the child reads: parent,other,child;in the end: parent,other,child, ok;" "$(ask truncate closed)"
expect "truncate, in a transaction at the fork" \
    "the child: database is locked;the child reads: parent,other;in the end: parent,other, ok;" "$(ask truncate open)"
