"""Keep each process's last warning or error on the scoreboard, where programs outside the pool find it."""

from __future__ import annotations

import logging

from cocoai.engine.process.scoreboard import Scoreboard


class ScoreboardHandler(logging.Handler):
    """A log handler that keeps each process's last warning or error in the process's own row of the scoreboard."""

    def __init__(self, scoreboard: Scoreboard) -> None:
        super().__init__(logging.WARNING)
        self._scoreboard = scoreboard

    def emit(self, record: logging.LogRecord) -> None:
        """Write the message into this process's scoreboard row, with the class of the exception, if there is one."""
        # Not the exception's text: it may quote anything.
        error = record.exc_info[0] if record.exc_info else None
        self._scoreboard.own_row.record_error(record.getMessage() + (f" {error.__name__}" if error else ""))
