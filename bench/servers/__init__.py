"""The stack against servers that nobody here wrote: each is installed from its registry, started and asked.

    signed event ─► nginx ─► the pool ─► a real server (─► the practice OpenAI, where the server is a gateway)
          └── the practice Slack ◄── the reply ──┘

catalogue.py lists the servers, install.py and running.py bring them to life, trials.py asks, __main__.py prints.
"""
