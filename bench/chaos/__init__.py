"""Chaos: check that nothing is lost, posted twice or taken away while faults of all kinds are injected at random.

load.py            questions, most of them one person's, and the faults and delays of the practice Slack and OpenAI
clicks.py          clicks on the buttons under the replies
faults.py          the injection of faults, each kind at random times
pool_faults.py     kills, reloads, restarts, and a stop and start of everything
disk_faults.py     a full disk, held and moved locks, a done/ that refuses
channel_limits.py  a channel of the practice Slack that takes no message for a while
processes.py       finding the stack's processes in /proc, and signalling one of them safely
history.py         what our messages have shown at every moment
ledger.py          what was asked, accepted, paid for and shown, kept outside the stack
money.py           what the product's ledger says of that, beside the books of the practice OpenAI
waits.py           how long people with one question have waited
report.py          the table of figures, and the evidence for every wrong question
__main__.py        the run: `python -m bench.chaos --seconds 1800`
"""
