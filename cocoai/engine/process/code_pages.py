"""Give back the pages of machine code that this process has run and hardly runs again, such as TLS and SQLite.

A page of a library's code that a process has touched counts as its memory until the process ends. The master runs all
of it once, in the warm-up, and then sleeps; its children do the work, and map what they run by themselves: a fork hands
on no page of code. Nothing is lost, since code is read from its file: whoever runs it again maps it again, from memory
as a rule.
"""

from __future__ import annotations

import ctypes
import logging
import re

_MADV_DONTNEED = 4
"""madvise(2): unmap the pages now."""

_CODE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ \S+ [1-9][0-9]* +/")
"""A line of /proc/self/maps for code from a file. What may have been written, as a library's tables, is no code."""

log = logging.getLogger(__name__)


def release_code_pages() -> int:
    """Unmap all pages of code of this process that come from files; return how many bytes of addresses that were.

    What it runs from now on it maps anew. Return 0, with a warning in the log, if the kernel does not allow it.
    """
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            areas = [(int(found[1], 16), int(found[2], 16)) for found in map(_CODE.match, maps) if found]
        madvise = ctypes.CDLL(None, use_errno=True).madvise
    except (OSError, AttributeError) as error:
        log.warning("memory outcome=code-kept reason=%s", error)
        return 0
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(end - start for start, end in areas if madvise(start, end - start, _MADV_DONTNEED) == 0)
