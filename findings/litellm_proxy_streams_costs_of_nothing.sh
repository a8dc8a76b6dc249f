#!/bin/sh
# LiteLLM's proxy 1.108.7 (PyPI): the headers of a streamed answer say that it costs $0.0; its last event says $0.21.
#
# One would guess that headers that leave before the answer is there hold no cost, or that of the question. The proxy
# leaves out `x-litellm-response-cost` alone. Its companions, for input, output and the whole before any discount, are
# there, and 0.0. The cost comes in the last event, as `usage.cost`, which an answer that is not streamed does not have.
#
# It matters here because a 0 is a cost, and would be booked as one: a server that says what it charges is believed
# before our own price table. So only the one header is read, then `usage.cost` (cocoai/chatgpt/answer_reader.py).
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 2; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile 'litellm[proxy]==1.108.7'

cat >provider.py <<'END'
"""A provider on 127.0.0.1:$1 that answers every chat completion with "Paris.", streamed or whole, and its usage."""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_): ...
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        streamed = bool(asked.get("stream"))
        choice = {"index": 0, "delta" if streamed else "message": {"role": "assistant", "content": "Paris."}}
        answer = {"id": "1", "object": "chat.completion.chunk" if streamed else "chat.completion", "created": 1,
                  "model": asked["model"], "choices": [choice | {"finish_reason": "stop"}],
                  "usage": {"prompt_tokens": 100_000, "completion_tokens": 1000, "total_tokens": 101_000}}
        body = json.dumps(answer).encode()
        body = b"data: " + body + b"\n\ndata: [DONE]\n\n" if streamed else body
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
END

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

provider=$(free_port)
python3 provider.py "$provider" &
echo $! >>pids
cat >config.yaml <<END
model_list:
- model_name: m
  litellm_params: {model: openai/gpt-6-sol, api_key: sk-provider, api_base: "http://127.0.0.1:$provider/v1"}
general_settings: {master_key: sk-right}
END
port=$(free_port)
# The price map that comes with the package, instead of one from outside.
LITELLM_LOCAL_MODEL_COST_MAP=True venv/bin/litellm --config config.yaml --host 127.0.0.1 --port "$port" \
    >proxy.log 2>&1 &
echo $! >>pids
for _ in $(seq 600); do
    if curl -sf -o /dev/null "http://127.0.0.1:$port/health/liveliness"; then break; fi
    sleep 0.3
done

ask() { # further fields of the request: print the status
    curl -s -D head -o answer -w '%{http_code}' "http://127.0.0.1:$port/v1/chat/completions" \
        -H 'content-type: application/json' -H 'authorization: Bearer sk-right' \
        -d "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Capital of France?\"}]$1}"
}

told() { # rest of the header's name: print its value, "none" if there is no such header
    tr -d '\r' <head | sed -n "s/^x-litellm-response-cost$1: //p" | grep . || echo none
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; tail proxy.log >&2; exit 1; }
}

expect "whole" 200 "$(ask "")"
expect "its cost" 0.21 "$(told "")"
expect "before any discount" 0.21 "$(told -original)"
expect "of the output" 0.01 "$(told -output)"
expect "usage.cost" none "$(grep -o '"cost":[0-9.]*' answer || echo none)"

expect "streamed" 200 "$(ask ',"stream":true,"stream_options":{"include_usage":true}')"
expect "its cost" none "$(told "")"
expect "before any discount" 0.0 "$(told -original)"
expect "of the input" 0.0 "$(told -input)"
expect "of the output" 0.0 "$(told -output)"
expect "usage.cost in the last event" '"cost":0.21' "$(grep -o '"cost":[0-9.]*' answer || echo none)"
