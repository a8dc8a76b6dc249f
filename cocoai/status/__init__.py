"""Show what the pool is doing and how the answers fare, for people and for programs.

It reads the scoreboard, the spool, the ledger and /proc, and asks no process: nothing is disturbed, so it shows the
same of a pool that hangs, and of one that was killed. Its only lock is that under which SQLite reads, for milliseconds.

    collect ── Status ─┬─ report ─┬─ text     `cocoai status`
                       │          └─ page     for a browser
                       └─ as_json             `cocoai status --json`, /status.json

This file imports nothing, as the pool needs server.py alone.
"""
