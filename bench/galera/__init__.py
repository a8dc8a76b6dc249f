"""Galera: a real cluster of three nodes, each on a network of its own; what becomes there of jobs and of the ledger.

cluster.py    the nodes, their namespaces, and what may happen to them
state.sh      how a node that was away takes up what it has missed, without a copy program
faults.py     a process that kills nodes and cuts them off, one after another, and lets each come back
probe.py      for how long nobody could write meanwhile
jobs.py       two hundred questions in threads, answered by processes of three machines
holds.py      three nodes hold at once what only one may
ledger.py     where the ledger of bench.never_over lies: each process speaks to the node of its machine
__main__.py   the program: `python -m bench.galera`
"""
