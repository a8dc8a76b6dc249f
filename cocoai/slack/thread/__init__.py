"""A thread in Slack as the turns of a conversation, with the names of the people in it."""
