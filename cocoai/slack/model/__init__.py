"""What Slack describes, as facts: questions, clicks, messages, files and our identity. No I/O."""
