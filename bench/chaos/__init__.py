"""Chaos: check that nothing is lost, posted twice or taken away while faults of all kinds are injected at random.

questions.py       the questions: in words, in a voice clip, for a picture; and the right replies to them
load.py            asking them, most of them as one person
server_faults.py   the faults and delays of the practice Slack and OpenAI
clicks.py          clicks on the buttons under the replies
faults.py          the injection of faults, each kind at random times
pool_faults.py     kills, reloads, restarts, and a stop and start of everything
disk_faults.py     a full disk, held and moved locks, a done/ that refuses
own_disk.py        the small disk of each machine
machine_faults.py  machines that die or stall, ways to the database that are cut or hang, a killed server
channel_limits.py  a channel of the practice Slack that takes no message for a while
setup.py           one machine on files, or several on MariaDB, with the faults that each can have
stack.py           what a run is done to
machines.py        several machines: an nginx before them, a server behind, and each one's way (way.py) to it
rooms.py           where the jobs and the ledger lie: in files; database_room.py: in MariaDB
processes.py       finding the stack's processes in /proc, and signalling one of them safely
history.py         what our messages have shown at every moment
calls.py           the calls of the models, and which of them were paid
pictures.py        what the jobs say of their pictures, beside what stands in the threads
ledger.py          what was asked, accepted, paid for and shown, kept outside the stack
money.py           what the product's ledger says of that, beside the books of the practice OpenAI
order.py           whether each thread was answered in order, by what the jobs say
waits.py           how long people with one question have waited
left_jobs.py       what is left in ready/ at the end, and why
report.py          the table of figures, and the evidence for every wrong question
__main__.py        the run: `python -m bench.chaos --seconds 1800`
"""
