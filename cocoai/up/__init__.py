"""Run the production setup on this machine, as one user: `cocoai up`.

    up ── supervisord ─┬─ nginx          from the files in etc/, copied to var/run/etc with this machine's names
                       └─ cocoai.fcgi    and its workers

up.py starts and stops it, etc.py copies the files, machine.py checks what the machine has, session.py ends every
process. What the pool does is not known here, except that it answers /healthz.
"""

from cocoai.up.up import LISTEN, Up

__all__ = ["LISTEN", "Up"]
