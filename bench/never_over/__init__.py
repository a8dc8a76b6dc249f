"""Never over: many processes pay for calls at once under one small cap, and are killed in the middle of them.

biller.py     the model's server, which bills each request on the disk before it answers, with prices of its own
laws.py       what must hold between the server's bills and the ledger's charges
places.py     where the ledger lies: in a file, or on a MariaDB server that is killed, too
worker.py     a process that claims jobs and pays for calls as the product does, until it dies
run.py        the parent: it puts jobs, starts workers and kills them, sweeps, and checks the laws
__main__.py   the long form: `python -m bench.never_over`
"""
