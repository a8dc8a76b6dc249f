"""Write a language model of a few hundred kilobytes with random weights, as transformers keeps one: FOLDER [TEMPLATE]

What it writes is gibberish, but the server around it is a real one. It runs in a virtual environment of its own, with
torch and transformers, and imports nothing of ours.
"""

import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEMPLATE = (
    "{% for message in messages %}<s>{{ message['role'] }}\n{{ message['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)


def tokenizer(template: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {token: number for number, token in enumerate(["<unk>", "<s>", "</s>", *alphabet])}
    made = Tokenizer(models.BPE(vocab=words, merges=[], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=made, chat_template=template, **names)


def write(folder: str, template: str = TEMPLATE) -> None:
    """Write the model and its tokenizer into this folder."""
    words = tokenizer(template)
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=32768,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        initializer_range=0.5,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        # It writes bytes of ASCII: the first letters of the alphabet, but never its end.
        ascii_only = [number for token, number in words.get_vocab().items() if len(token) == 1 and "!" <= token <= "~"]
        keep = torch.zeros(len(words), 1)
        keep[ascii_only] = 1.0
        model.lm_head.weight.mul_(keep)
    model.save_pretrained(folder)
    words.save_pretrained(folder)


if __name__ == "__main__":
    write(*sys.argv[1:])
