"""HTTP over TLS: clients that post and get, and response bodies that are read as they arrive."""
