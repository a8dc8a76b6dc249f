"""Markdown, as a model writes it, shown in Slack: parsing, repairs, rendering, and splitting into messages.

Pure: no file, no clock, no network, and no Slack API. Callers use `message_layout`; the other modules are its steps.
"""
