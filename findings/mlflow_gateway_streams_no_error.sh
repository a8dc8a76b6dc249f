#!/bin/sh
# MLflow's gateway 3.17.2 (PyPI mlflow[gateway]): an error of the provider is a 200 without a byte, if a stream was asked for.
#
# One would guess that a gateway that says 400 and the provider's words to a question asked whole says the same when a
# stream was asked for: the provider refuses both before the first word. The gateway sends its 200 and the head of an
# event stream before it asks the provider; what comes then can no longer be told, so the connection breaks off with
# nothing in it. A wrong key, a rate limit and a conversation that is too long all look like a lost connection.
#
# It matters here because a lost connection is tried again, and a refusal must not be: CocoAI asks once more without
# `stream`, only to learn why.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
# The gateway's own children outlive it, so each program leads a group of its own, and the group is ended.
trap 'for pid in $(cat pids); do kill -- "-$pid" 2>/dev/null || true; done; sleep 3; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'mlflow[gateway]==3.17.2'

cat >provider.py <<'END'
"""A provider on 127.0.0.1:$1 that refuses every chat completion with 400, as one that is too long."""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_): ...
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        error = {"message": "Too long by far.", "type": "invalid_request_error", "code": "context_length_exceeded"}
        body = json.dumps({"error": error}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
END

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # port
    for _ in $(seq 600); do
        if curl -s -o /dev/null "http://127.0.0.1:$1/"; then return; fi
        sleep 0.2
    done
    cat gateway.log >&2
    exit 1
}

provider=$(free_port)
setsid python3 provider.py "$provider" &
echo $! >>pids
cat >config.yaml <<END
endpoints:
- name: m
  endpoint_type: llm/v1/chat
  model:
    provider: openai
    name: gpt-4o
    config: {openai_api_key: sk-any, openai_api_base: "http://127.0.0.1:$provider/v1"}
END
gateway=$(free_port)
MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true setsid venv/bin/mlflow gateway start --config-path config.yaml \
    --host 127.0.0.1 --port "$gateway" --workers 1 >gateway.log 2>&1 &
echo $! >>pids
wait_for "$provider"
wait_for "$gateway"

ask() { # stream: print the status, curl's own exit status, and how many bytes came
    ended=0
    seen=$(curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$gateway/v1/chat/completions" \
        -H 'content-type: application/json' \
        -d "{\"model\":\"m\",\"stream\":$1,\"messages\":[{\"role\":\"user\",\"content\":\"Capital of France?\"}]}") || ended=$?
    echo "$seen, curl $ended, $(wc -c <answer) bytes"
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

expect "whole" "400, curl 0, 29 bytes" "$(ask false)"
expect "its body" '{"detail":"Too long by far."}' "$(cat answer)"
# curl's 18: the transfer was closed with data outstanding.
: >answer
expect "streamed" "200, curl 18, 0 bytes" "$(ask true)"
