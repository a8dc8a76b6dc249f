"""Advise how many workers and slots a machine has memory and CPU time for: `cocoai tune`.

measure.py rehearses for half a minute and measures the processes, process_tree.py reads them from /proc, machine.py
describes the machine, advice.py calculates what it bears and explains the calculation. observed.py reads what the
running pool has seen, proposal.py proposes settings from it within those bounds, and throughput.py says how many
questions a minute that makes. command.py has the arguments.
"""
