"""What Slack posts while the store cannot be reached: kept on this machine, and taken in later."""
