"""Processes: fork, locks, signals, memory, and the scoreboard on which they show what they do."""
