#!/bin/sh
# LiteLLM's proxy 1.108.7 (PyPI): a wrong key is no 401 but a 400, "No connected db.", where it has a master key alone.
#
# One would guess that a server that is started with one key answers any other with 401 and words about the key, as
# OpenAI does. With a `master_key` and no database (the shortest configuration of its manual), the proxy takes every
# other key for one that it would have to look up, has nowhere to, and calls that a bad request.
#
# It matters here because 400 means "this request is wrong" to a client: it looks for a parameter to leave out, a
# conversation to shorten, a picture to blame. Only the type, `no_db_connection`, tells the operator to look at the key.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 2; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'litellm[proxy]==1.108.7'

cat >config.yaml <<'END'
model_list:
- model_name: m
  litellm_params: {model: openai/gpt-4o, api_key: sk-provider, mock_response: "Paris."}
general_settings: {master_key: sk-right}
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/litellm --config config.yaml --host 127.0.0.1 --port "$port" >proxy.log 2>&1 &
echo $! >>pids
for _ in $(seq 600); do
    if curl -sf -o /dev/null "http://127.0.0.1:$port/health/liveliness"; then break; fi
    sleep 0.3
done

ask() { # further arguments of curl: print the status
    curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$port/v1/chat/completions" "$@" \
        -H 'content-type: application/json' -d '{"model":"m","messages":[{"role":"user","content":"Capital of France?"}]}'
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; tail proxy.log >&2; exit 1; }
}

expect "the right key" 200 "$(ask -H 'authorization: Bearer sk-right')"
expect "a wrong key" 400 "$(ask -H 'authorization: Bearer sk-wrong')"
expect "its body" '{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}' "$(cat answer)"
