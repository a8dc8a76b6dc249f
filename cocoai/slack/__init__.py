"""All that knows Slack's words: its signature, its events, its markup, its API. Nothing else in the house does."""
