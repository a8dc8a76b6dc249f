"""The engine: a pool, a router, a spool. It knows neither Slack nor OpenAI, and could be lifted out whole."""
