"""Calls to the Web API of Slack: messages, live updates and downloads."""
