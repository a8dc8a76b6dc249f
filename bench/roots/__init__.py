"""Bare Debian machines on this machine: roots made by debootstrap, booted with their own systemd and network.

A root is what a new cloud machine holds: systemd, apt, sudo and curl; no Python, nginx or settings of ours. See
`bench.roots.root.Root`; README.md says how to use it.
"""
