#!/bin/sh
# Claude 2's tokenizer (PyPI anthropic 0.38.0): a byte-pair one, it makes more tokens than the text has bytes.
#
# One would guess that the bytes of a text bound its tokens wherever a byte-pair tokenizer works on bytes: it begins
# with one token for each byte, and can only join them. This one rewrites the text first, to Unicode's NFKC: ㈱ becomes
# (株), ½ becomes 1⁄2, and U+FDFA a sentence in Arabic: its 3 bytes are 15 tokens. Without that step the same tokenizer
# keeps to the bound.
#
# It matters here because the hold before a request counts a token for each byte (cocoai/chatgpt/request_size.py). That
# is a bound for OpenAI's models; for one behind a gateway it is one only as long as its tokenizer rewrites nothing.
# Ordinary text has several bytes for each token, so a letter with a few ㈱ stays far below.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check anthropic==0.38.0 'httpx<0.28'

# It says that counting here is deprecated.
venv/bin/python -W ignore - <<'END'
from importlib.metadata import version

from anthropic import Anthropic
from tokenizers.normalizers import Sequence

client = Anthropic(api_key="none is needed to count")


def expect(what: str, expected: str, seen: str) -> None:
    print(f"{what}: {seen}")
    assert expected == seen, f"expected: {expected}"


def counted(text: str) -> str:
    return f"{len(text.encode())} bytes, {client.count_tokens(text)} tokens"


expect("version", "0.38.0", version("anthropic"))
tokenizer = client.get_tokenizer()
kinds = ", ".join(type(each).__name__ for each in (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.model))
expect("its parts", "NFKC, ByteLevel, BPE", kinds)
expect("a question in Japanese", "48 bytes, 19 tokens", counted("請求書の金額を確認してください。"))
expect("½", "2 bytes, 3 tokens", counted("½"))
expect("㈱", "3 bytes, 4 tokens", counted("㈱"))
expect("㍿", "3 bytes, 5 tokens", counted("㍿"))
expect("U+FDFA", "3 bytes, 15 tokens", counted("\ufdfa"))
expect("a hundred U+FDFA", "300 bytes, 1500 tokens", counted("\ufdfa" * 100))

tokenizer.normalizer = Sequence([])
everything = (chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000)
above = sum(len(tokenizer.encode(each).ids) > len(each.encode()) for each in everything)
expect("characters above the bound without the rewriting", "0", str(above))
END
