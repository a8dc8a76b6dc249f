"""Run a command on a machine without IPv6: `python tests/no_ipv6.py COMMAND [ARGUMENT ...]`.

A seccomp filter refuses each socket of the family AF_INET6 with EAFNOSUPPORT, as a kernel that was built without IPv6,
or was booted with ipv6.disable=1, does. No rights are needed. (Addresses alone can be taken away with sysctl, but
then a program can still listen on [::].)
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: AUDIT_ARCH of linux/audit.h, and the number of socket(2)."""

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
"""The three instructions that are used: BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K."""

NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in struct seccomp_data."""

ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EAFNOSUPPORT

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def program(architecture: int, call: int) -> bytes:
    """Return the filter, as an array of struct sock_filter: code, steps if equal, steps if not, operand."""
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 0, 5, architecture),
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, call),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 0, 1, socket.AF_INET6),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def forbid_ipv6() -> None:
    """Refuse IPv6 to this process and to all that it starts. Raise OSError if the kernel takes no filter."""
    steps = program(*SOCKET_CALL[platform.machine()])
    array = ctypes.create_string_buffer(steps, len(steps))
    filter_program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps) // 8, ctypes.addressof(array)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(filter_program), 0, 0),
    ):
        if prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid_ipv6()
    os.execvp(sys.argv[1], sys.argv[1:])
