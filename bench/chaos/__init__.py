"""Chaos: whether anything is lost or said twice while everything dies at random.

askers.py     people and a model, the practice side's manners and bad days
clickers.py   people and the buttons under the replies
mischief.py   kills, reloads, restarts, a full disk
processes.py  who is ours, and how one of them is killed
ledger.py     what was asked, accepted and finally said: kept outside the stack
report.py     the table, and the evidence for whatever is wrong
__main__.py   the run: `python -m bench.chaos --seconds 1800`
"""
