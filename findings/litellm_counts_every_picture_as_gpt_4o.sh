#!/bin/sh
# LiteLLM 1.110.2 (PyPI): `token_counter` counts a picture by the rule of gpt-4o, whichever model is named.
#
# One would guess that a counter that takes the model's name, and whose package has a price of its own for each, knows
# that a picture's tokens are the model's too: OpenAI publishes a rule for each family. It has the rule of gpt-4o alone,
# tiles of 512 pixels. A picture of 1024 x 1024 pixels is 765 tokens here, and 25,501 for gpt-4o-mini; a photo of 12
# megapixels is 765 again, and 14,364 for gpt-6-luna, if no detail is asked for (OpenAI's guide to images and vision).
# `detail: "original"`, which the newer models take, is a ValueError.
#
# It matters here because a limit on what may be spent is checked before the request leaves, by such a count: if it is
# far too low, the cap is passed. So each family's rule is a row of cocoai/chatgpt/picture_tokens.py, an unknown
# model counts as the most of any, and every picture is sent with a detail.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile litellm==1.110.2

# The map that comes with the package, instead of one from outside.
LITELLM_LOCAL_MODEL_COST_MAP=True venv/bin/python - <<'END'
import base64
import struct
import zlib
from importlib.metadata import version

from litellm import token_counter


def png(width: int, height: int) -> bytes:
    rows = zlib.compress((b"\0" + b"\xff" * -(-width // 8)) * height)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        png += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return png


def tokens(model: str, width: int, height: int, **detail: str) -> str:
    image = {"url": "data:image/png;base64," + base64.b64encode(png(width, height)).decode(), **detail}
    text = {"type": "text", "text": "What is it?"}
    counted = []
    for content in ([text], [text, {"type": "image_url", "image_url": image}]):
        try:
            counted.append(token_counter(model=model, messages=[{"role": "user", "content": content}]))
        except ValueError:
            return "ValueError"
    return str(counted[1] - counted[0])


def expect(what: str, expected: str, seen: str) -> None:
    print(f"{what}: {seen}")
    assert expected == seen, f"expected: {expected}"


expect("version", "1.110.2", version("litellm"))
for model in ("gpt-4o", "gpt-4o-mini", "gpt-5.4", "gpt-6-luna"):
    expect(f"{model}, 1024 x 1024", "765", tokens(model, 1024, 1024))
    expect(f"{model}, 1920 x 1080", "1105", tokens(model, 1920, 1080))
    expect(f"{model}, 4032 x 3024", "765", tokens(model, 4032, 3024))
    expect(f"{model}, 4032 x 3024, low", "85", tokens(model, 4032, 3024, detail="low"))
    expect(f"{model}, 4032 x 3024, original", "ValueError", tokens(model, 4032, 3024, detail="original"))
END
