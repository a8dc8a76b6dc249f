"""Carry out the Dockerfile's steps on a machine without a container engine, and try what they have made, as root.

`dockerfile` reads the file and says what it asks for, `context` what of the checkout may be copied; `image` carries the
steps out in a bare Debian root (bench/roots); `trial` starts the result as an engine would: a process 1 of its own, no
rights beyond its user's, everything read-only but the volume. Only the instructions that the Dockerfile uses are known;
any other is an error, so that nothing is left out in silence.

The root is debootstrap's, with the packages removed again that Debian's slim image does not have; the layers, the cache
and the network of an engine are not played.
"""
