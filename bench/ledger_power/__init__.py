"""Power cuts under the ledger, at each system call of its commits.

paying.py     the processes that hold and settle, which strace looks at
tracing.py    what they do to the files
cutting.py    what a power cut leaves of that, and whether the ledger is whole then
__main__.py   the table: `python -m bench.ledger_power`
"""
