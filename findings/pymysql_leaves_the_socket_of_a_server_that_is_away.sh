#!/bin/sh
# PyMySQL 1.2.4: a connection that could not be had leaves its Unix socket open until the garbage collector comes by.
#
# One would guess that connect() closes what it has opened before it raises, as it does over TCP, where the socket's maker
# closes it. On a Unix socket PyMySQL makes the socket itself, and leaves it in a reference cycle with its own error: each
# try costs a descriptor until some later collection.
#
# It matters here because a worker tries a server that is away every two seconds, and because a test suite in which a
# ResourceWarning is an error fails at whatever test runs when the collector does.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyMySQL==1.2.4

cat >away.py <<'END'
"""Try so often to connect to a server that is away, and say how many descriptors are open, then and once collected."""
import gc, os, sys, pymysql

def tried(**where):
    gc.collect()
    gc.disable()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        try:
            pymysql.connect(user="nobody", **where)
        except pymysql.OperationalError as error:
            number = error.args[0]
            del error
    left = len(os.listdir("/proc/self/fd")) - before
    gc.collect()
    return f"error {number}, {left} left open, {len(os.listdir('/proc/self/fd')) - before} once collected"

print(pymysql.VERSION[:3])
print(tried(unix_socket="/nonexistent"))
print(tried(host="127.0.0.1", port=1))
END

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

venv/bin/python away.py >seen
expect "version" "(1, 2, 4)" "$(sed -n 1p seen)"
expect "on a Unix socket" "error 2003, 10 left open, 0 once collected" "$(sed -n 2p seen)"
expect "over TCP" "error 2003, 0 left open, 0 once collected" "$(sed -n 3p seen)"
