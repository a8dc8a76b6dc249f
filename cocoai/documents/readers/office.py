"""What the readers of Word, Excel and PowerPoint share: what is checked before a library opens a file."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from cocoai.documents.source import Unreadable

MOST_UNPACKED = 150 << 20
"""Bytes that all parts of a file say they have unpacked: more than any document of words needs."""

MOST_PARTS = 20_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of a file with a password (MS-OFFCRYPTO 2.3), which is no zip file, and of Office before 2007."""


def check_package(file: BinaryIO) -> None:
    """Check a file before a library opens it; leave it at its beginning. Raise `Unreadable`: `too_large`, `encrypted`.

    Raise `zipfile.BadZipFile` if it is no zip file. What it says of its parts' sizes is believed, since the reading of
    a part ends there; what a part needs beyond that is bounded by the memory of the process (apart.py).
    """
    if file.read(len(_OLE)) == _OLE:
        raise Unreadable("encrypted")
    file.seek(0)
    with zipfile.ZipFile(file) as parts:
        infos = parts.infolist()
    if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
        raise Unreadable("too_large")
    file.seek(0)
