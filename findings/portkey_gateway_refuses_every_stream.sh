#!/bin/sh
# Portkey's gateway 1.15.2 (npm @portkey-ai/gateway): a fresh install answers every streamed request with 500.
#
# One would guess that a gateway of one version behaves the same wherever it is installed, and that one that answers
# a question whole also streams it. But its package leaves the web server below it open (`@hono/node-server ^1.3.3`,
# and a companion that asks for 1.19), and with what npm takes today a stream ends in "TypeError: immutable" before
# its first byte: 500, {"status":"failure","message":"Something went wrong"}. The same request without `stream` is
# answered, and with @hono/node-server 1.13.8 so is the streamed one.
#
# It matters here because a 500 is tried again, and looks like a provider that is down: CocoAI asks four times, says
# "OpenAI is busy", and the operator looks in the wrong place. A health check without `stream` is green all the time.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT

cat >provider.py <<'END'
"""A provider on 127.0.0.1:$1 that answers every chat completion with "Paris.", streamed or whole."""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_): ...
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        part = "delta" if asked.get("stream") else "message"
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, part: {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}]}
        body = json.dumps(answer).encode()
        body = b"data: " + body + b"\n\ndata: [DONE]\n\n" if asked.get("stream") else body
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if asked.get("stream") else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
END

cat >local.cjs <<'END'
// The gateway listens on every address; here it stays on this machine.
const { Server } = require("net");
const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
    return listen.call(this, { port, host: "127.0.0.1" }, ...rest.filter((each) => typeof each === "function"));
};
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

install() { # version of @hono/node-server
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error --legacy-peer-deps \
        @portkey-ai/gateway@1.15.2 "@hono/node-server@$1" @hono/node-ws@1.3.1 >/dev/null
}

status_of() { # stream: the status with which a question is answered by a gateway of its own
    port=$(free_port)
    node --require ./local.cjs node_modules/@portkey-ai/gateway/build/start-server.js --headless --port="$port" \
        >gateway.log 2>&1 &
    gateway=$!
    echo "$gateway" >>pids
    wait_for "$port"
    curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$port/v1/chat/completions" \
        -H 'content-type: application/json' -H 'authorization: Bearer sk-any' -H 'x-portkey-provider: openai' \
        -H "x-portkey-custom-host: http://127.0.0.1:$provider/v1" \
        -d "{\"model\":\"m\",\"stream\":$1,\"messages\":[{\"role\":\"user\",\"content\":\"Capital of France?\"}]}"
    kill "$gateway"
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

provider=$(free_port)
python3 provider.py "$provider" &
echo $! >>pids
wait_for "$provider"

install 1.19.19
expect "whole, @hono/node-server 1.19.19" 200 "$(status_of false)"
expect "streamed, @hono/node-server 1.19.19" 500 "$(status_of true)"
expect "its body" '{"status":"failure","message":"Something went wrong"}' "$(cat answer)"
expect "its log" "TypeError: immutable" "$(grep -o -m 1 'TypeError: immutable' gateway.log)"

install 1.13.8
expect "streamed, @hono/node-server 1.13.8" 200 "$(status_of true)"
expect "its words" "Paris." "$(grep -o -m 1 'Paris\.' answer)"
