#!/bin/sh
# supervisor 4.3.0: `umask` in [supervisord] does nothing when supervisord stays in the foreground (`-n`).
#
# One would guess that the files which supervisord makes itself, its own log and those of its programs, have the umask
# of its settings, however it was started: under systemd, in a container and in the development setup it is always
# `-n`. The setting is read and shown by no warning; it is applied only while supervisord turns itself into a daemon.
#
# It matters here because the pool's log is such a file: with `umask=077` in the settings one believes it closed, and
# everybody on the machine can read it. What helps is the umask of whoever starts supervisord (systemd: UMask=).
set -eu

folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid")" 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
cd "$folder"
umask 022
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check supervisor==4.3.0

cat >settings.conf <<END
[supervisord]
umask=077
logfile=$folder/supervisord.log
pidfile=$folder/pid
[program:shout]
command=/bin/sh -c 'umask >&2; exec sleep 1000'
stderr_logfile=$folder/shout.log
END

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

start() { # options
    rm -f shout.log supervisord.log
    venv/bin/supervisord -c settings.conf "$@" >/dev/null &
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -s shout.log ] && break
        sleep 0.5
    done
}

stop() {
    kill "$(cat pid)"
    while [ -f pid ]; do sleep 0.2; done
}

expect "version" "4.3.0" "$(venv/bin/supervisord --version)"

start # as a daemon
expect "as a daemon, mode of the program's log" 600 "$(stat -c %a shout.log)"
expect "as a daemon, umask of the program" 0077 "$(cat shout.log)"
stop

start -n
expect "in the foreground, mode of the program's log" 644 "$(stat -c %a shout.log)"
expect "in the foreground, mode of supervisord's log" 644 "$(stat -c %a supervisord.log)"
expect "in the foreground, umask of the program" 0022 "$(cat shout.log)"
stop
