#!/bin/sh
# SQLite 3.54.1 (PyPI apsw 3.54.1.0): the words of a deleted row stay in the file, with secure_delete and after VACUUM.
#
# One would guess that `PRAGMA secure_delete = ON`, which overwrites what is deleted, holds for a full-text table too,
# and that VACUUM, which writes the whole file anew, leaves nothing of rows that are gone. To FTS5 a deletion is an entry
# more: the words stay in its segments, whole and readable, until these happen to be merged. Its own option
# `secure-delete` (since 3.42, off by default) or the command 'optimize' takes them out.
#
# It matters here because whoever says "forget" must be able to trust it: cocoai/documents/index.py merges all segments
# after it has taken a document out, and a test looks for the words in the file's bytes.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apsw==3.54.1.0

cat >forget.py <<'END'
"""Insert a secret among other rows, delete it, VACUUM, do $1, and say whether the secret is in the file."""
import sys, apsw

connection = apsw.Connection(f"{sys.argv[1]}.sqlite3")
connection.execute("PRAGMA secure_delete = ON").fetchall()
connection.execute("CREATE VIRTUAL TABLE page USING fts5(text)")
if sys.argv[1] == "secure-delete":
    connection.execute("INSERT INTO page (page, rank) VALUES ('secure-delete', 1)")
for number in range(20):
    connection.execute("INSERT INTO page VALUES (?)", (f"an ordinary page, number {number}",))
connection.execute("INSERT INTO page VALUES ('the zebraword')")
connection.execute("DELETE FROM page WHERE page MATCH 'zebraword'")
connection.execute("VACUUM")
if sys.argv[1] == "optimize":
    connection.execute("INSERT INTO page (page) VALUES ('optimize')")
(rows,) = connection.execute("SELECT count(*) FROM page WHERE page MATCH 'zebraword'").fetchone()
connection.close()
with open(f"{sys.argv[1]}.sqlite3", "rb") as file:
    print("found by", rows, "and", "in the file" if b"zebraword" in file.read() else "not in the file")
END

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

expect "version" 3.54.1 "$(venv/bin/python -c 'import apsw; print(apsw.sqlite_lib_version())')"
expect "secure_delete and VACUUM" "found by 0 and in the file" "$(venv/bin/python forget.py vacuum)"
expect "the option of FTS5 as well" "found by 0 and not in the file" "$(venv/bin/python forget.py secure-delete)"
expect "'optimize'" "found by 0 and not in the file" "$(venv/bin/python forget.py optimize)"
