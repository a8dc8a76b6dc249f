"""Chaos: check that nothing is lost and nothing is posted twice while processes are killed at random.

load.py       questions, and the faults and delays of the practice Slack and OpenAI
clicks.py     clicks on the buttons under the replies
faults.py     kills, reloads, restarts and a full disk
processes.py  finding the stack's processes in /proc, and killing one of them safely
ledger.py     what was asked, accepted and finally posted, kept outside the stack
report.py     the table of figures, and the evidence for every wrong question
__main__.py   the run: `python -m bench.chaos --seconds 1800`
"""
