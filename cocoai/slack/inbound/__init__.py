"""What Slack posts to us: signatures, events and interactions, and who may address us. No I/O."""
