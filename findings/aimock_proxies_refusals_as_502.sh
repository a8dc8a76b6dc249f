#!/bin/sh
# aimock 1.43.0 (npm @copilotkit/aimock) as a proxy: the provider's refusals, 400, 401 and 404, arrive as 502.
#
# One would guess that a proxy that records a provider, to be played back in its place, hands the provider's status on.
# The body does arrive as it was, with its code (`invalid_api_key`, `context_length_exceeded`), but the status says that
# a gateway has failed, which clients try again. A 429 becomes one too, and its Retry-After is lost.
#
# It matters here because the status decides whether CocoAI asks again or tells the operator: a wrong key behind such a
# proxy looked like a provider that is down. So a code that is final has to count more than the status it comes with.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
mkdir fixtures # it does not start without the folder of its recordings

cat >provider.py <<'END'
"""A provider on 127.0.0.1:$1 that refuses every chat completion with the status that is its model's name."""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_): ...
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps({"error": {"message": "No.", "type": "a_type", "param": None, "code": "a_code"}}).encode()
        self.send_response(int(asked["model"]))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("retry-after", "7")
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
END

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # port
    for _ in $(seq 100); do
        if curl -s -o /dev/null "http://127.0.0.1:$1/"; then return; fi
        sleep 0.2
    done
    echo "nothing listens at $1" >&2
    exit 1
}

ask() { # port, status with which the provider refuses: print the status that arrives
    curl -s -D head -o answer -w '%{http_code}' "http://127.0.0.1:$1/v1/chat/completions" \
        -H 'content-type: application/json' -H 'authorization: Bearer sk-any' \
        -d "{\"model\":\"$2\",\"messages\":[{\"role\":\"user\",\"content\":\"Capital of France?\"}]}"
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error @copilotkit/aimock@1.43.0 >/dev/null
provider=$(free_port)
python3 provider.py "$provider" &
echo $! >>pids
proxy=$(free_port)
node node_modules/@copilotkit/aimock/dist/cli.js --port "$proxy" --proxy-only \
    --provider-openai "http://127.0.0.1:$provider" >proxy.log 2>&1 &
echo $! >>pids
wait_for "$provider"
wait_for "$proxy"

for status in 400 401 404 429; do
    expect "asked directly, refused with $status" "$status" "$(ask "$provider" "$status")"
    expect "Retry-After" 1 "$(grep -ci '^retry-after' head)"
    expect "through the proxy" 502 "$(ask "$proxy" "$status")"
    expect "Retry-After" 0 "$(grep -ci '^retry-after' head || true)"
    expect "the body" a_code "$(grep -o a_code answer)"
done
