"""The inbox: what Slack posts while the store cannot be reached."""
