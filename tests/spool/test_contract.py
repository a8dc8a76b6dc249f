"""The contract of a spool, in each of the rooms."""

from __future__ import annotations

from tests.spool.contract import SpoolContract


class TestSpool(SpoolContract):
    """The contract for the spool as it runs in production, in files and in a database."""
