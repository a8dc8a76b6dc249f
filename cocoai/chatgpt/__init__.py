"""The model's side: a conversation goes out, and its answer comes back as text."""
