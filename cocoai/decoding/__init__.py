"""Turning the bytes of a text into characters, in whatever encoding people have written it. Pure.

text_files      the encodings, and decoding
plausible_text  how much of a decoded text looks wrong
"""
