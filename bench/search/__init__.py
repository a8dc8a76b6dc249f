"""How well and how cheaply passages are found: `python -m bench.search`."""
