"""Write a language model of a few hundred kilobytes with random weights, as a GGUF file: python tiny_model.py FILE

What it writes is gibberish, but the server around it is a real one. It runs in a virtual environment of its own, with
`gguf` (which brings numpy), and imports nothing of ours.
"""

import sys

import numpy as np
from gguf import GGUFWriter, TokenType

WIDTH, HEADS, LAYERS, FORWARD, CONTEXT = 64, 4, 2, 128, 32768
SPECIAL = ["<unk>", "<s>", "</s>"]
WORDS = [chr(code) for code in range(ord("!"), 127)] + ["▁" + chr(code) for code in range(ord("a"), ord("z") + 1)]
"""Pieces besides the 256 bytes, so that ordinary text has about one token a letter."""


def tokens() -> tuple[list[str], list[float], list[int]]:
    """Return the vocabulary: each token's text, score and type."""
    texts = SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)] + ["▁", *WORDS]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256
    kinds += [TokenType.NORMAL] * (len(texts) - len(kinds))
    return texts, [0.0] * 259 + [-float(rank) for rank in range(len(texts) - 259)], [int(kind) for kind in kinds]


def write(path: str) -> None:
    """Write the model into this file."""
    texts, scores, kinds = tokens()
    file = GGUFWriter(path, "llama")
    file.add_name("tiny")
    file.add_context_length(CONTEXT)
    file.add_embedding_length(WIDTH)
    file.add_block_count(LAYERS)
    file.add_feed_forward_length(FORWARD)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_dimension_count(WIDTH // HEADS)
    file.add_vocab_size(len(texts))
    file.add_tokenizer_model("llama")
    file.add_token_list(texts)
    file.add_token_scores(scores)
    file.add_token_types(kinds)
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_unk_token_id(0)
    random = np.random.default_rng(11)

    def add(name: str, *shape: int) -> None:
        weights = random.normal(0.0, 0.6, shape) if len(shape) > 1 else np.ones(shape)
        if name == "output.weight":
            weights[: len(SPECIAL) + 256] = 0.0  # it writes letters, seldom bytes
        file.add_tensor(name, weights.astype(np.float32))

    add("token_embd.weight", len(texts), WIDTH)
    add("output_norm.weight", WIDTH)
    add("output.weight", len(texts), WIDTH)
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        add(f"blk.{layer}.attn_norm.weight", WIDTH)
        add(f"blk.{layer}.ffn_norm.weight", WIDTH)
        add(f"blk.{layer}.ffn_gate.weight", FORWARD, WIDTH)
        add(f"blk.{layer}.ffn_up.weight", FORWARD, WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, FORWARD)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


if __name__ == "__main__":
    write(sys.argv[1])
