"""Doubles of Slack and OpenAI, served from this machine, on which people and tests try the bot without the real ones.

They are a practice Slack, a practice OpenAI and a page to talk on. They play the other side of the bot, so they share
no code with `slack/` and `chatgpt/`: a double that is built from the code under test proves nothing. Of the modules
outside only `cli.py` and `tune/` import this package.
"""
