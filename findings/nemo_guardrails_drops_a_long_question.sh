#!/bin/sh
# NeMo Guardrails' server 0.24.1 (PyPI): a question of more than 16,000 characters is left out, and answered all the same.
#
# One would guess that a conversation that is too long is refused, as every provider does with 400, or that its oldest
# part goes. The server, without a single rail configured, drops whole messages from the oldest on until the rest
# is under the 16,000 characters of its prompt; a question that alone is longer is dropped too. The model gets the
# server's own system message and nothing else, and whatever it says to that is the answer: 200, finish reason and all.
#
# It matters here because nothing in the response tells: the asker of "Here is our contract, may we cancel?" reads an
# answer to no question. Limits of our own keep a thread and its files below that ([answer] max_history_tokens and
# max_attachment_tokens, together under 4,000); against one long message only the server's own `max_length` helps.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids seen
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'nemoguardrails[server]==0.24.1'

cat >provider.py <<'END'
"""A provider on 127.0.0.1:$1 that answers "Yes."; the roles and lengths of the messages that it was sent are in seen."""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_): ...
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with open("seen", "w") as seen:
            seen.write(" ".join(f"{each['role']}:{len(each['content'])}" for each in asked["messages"]))
        choice = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                           "usage": usage}).encode()
        self.send_response(200)
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
    cat server.log >&2
    exit 1
}

provider=$(free_port)
python3 provider.py "$provider" &
echo $! >>pids
mkdir -p rails/own
cat >rails/own/config.yml <<END
models:
- type: main
  engine: openai
  model: gpt-4o
  parameters:
    base_url: http://127.0.0.1:$provider/v1
    api_key: sk-any
END
server=$(free_port)
# Its own command listens on every address; the application itself can be served on one.
OPENAI_API_KEY=sk-any venv/bin/python -c "
import uvicorn
from nemoguardrails.server import api
api.app.rails_config_path = 'rails'
api.app.disable_chat_ui = True
api.set_default_config_id('own')
uvicorn.run(api.app, host='127.0.0.1', port=$server)" >server.log 2>&1 &
echo $! >>pids
wait_for "$provider"
wait_for "$server"

ask() { # characters of the question: print status, finish reason and answer
    venv/bin/python - "$1" >question <<'END'
import json, sys
question = ("May we cancel? " * 2000)[: int(sys.argv[1])]
system = {"role": "system", "content": "You advise on contracts."}
print(json.dumps({"model": "gpt-4o", "messages": [system, {"role": "user", "content": question}]}))
END
    status=$(curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$server/v1/chat/completions" \
        -H 'content-type: application/json' -H 'authorization: Bearer sk-any' -d @question)
    venv/bin/python -c '
import json, sys
choice = json.load(open("answer"))["choices"][0]
print(sys.argv[1], choice["finish_reason"], choice["message"]["content"])' "$status"
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

expect "a question of 1,000 characters" "200 stop Yes." "$(ask 1000)"
expect "the model was sent" "system:299 system:24 user:1000" "$(cat seen)"
expect "a question of 17,000 characters" "200 stop Yes." "$(ask 17000)"
expect "the model was sent" "system:299" "$(cat seen)"
