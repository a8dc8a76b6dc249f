"""The page on which a person tries the bot: its files, and the requests that it makes to the practice Slack."""
