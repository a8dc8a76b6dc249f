#!/bin/sh
# supervisor 4.3.0: `supervisorctl reread` does not see a changed socket_backlog, and not even a restart applies it.
#
# One would guess that a changed line of an [fcgi-program:x] is reported as "changed" by `reread`, and applied by
# `update`, as a changed command is; or at least by `restart`, which closes the socket and makes a new one.
#
# It matters here because the backlog is what keeps a crowd's requests: an operator who raises it and types `reread`,
# `update` and `restart` is told that all is well, and the next burst is refused as before. What helps is `stop`,
# `remove` and `add`, or any further change of the same section.
#
# The backlog is read from outside: as many clients connect, without waiting, as the kernel lets wait in the queue.
set -eu

folder=$(mktemp -d)
trap 'test ! -f "$folder/pid" || kill "$(cat "$folder/pid")" 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check supervisor==4.3.0

write_settings() { # backlog, seconds
    cat >settings.conf <<END
[unix_http_server]
file=$folder/control.sock
[supervisord]
logfile=$folder/log
pidfile=$folder/pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$folder/control.sock
[fcgi-program:pool]
socket=unix://$folder/pool.sock
socket_backlog=$1
command=/bin/sleep $2
END
}

control() {
    venv/bin/supervisorctl -c settings.conf "$@"
}

waiting_clients() {
    venv/bin/python - "$folder/pool.sock" <<'END'
import socket, sys
clients = []
while True:
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    try:
        client.connect(sys.argv[1])
    except BlockingIOError:
        break
    clients.append(client)
print(len(clients))
END
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

write_settings 7 1000
venv/bin/supervisord -c settings.conf
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -S pool.sock ] && break
    sleep 0.5
done
sleep 1 # its name is there before it listens

expect "version" "4.3.0" "$(venv/bin/supervisord --version)"
expect "clients that can wait at socket_backlog=7" 8 "$(waiting_clients)"

write_settings 99 1000
expect "reread after socket_backlog=99" "No config updates to processes" "$(control reread)"
control update
control restart pool:pool
sleep 1
expect "clients that can wait after reread, update and restart" 8 "$(waiting_clients)"

write_settings 99 1001
expect "reread after a changed command" "pool: changed" "$(control reread)"
control update
sleep 1
expect "clients that can wait once another line was changed too" 100 "$(waiting_clients)"
