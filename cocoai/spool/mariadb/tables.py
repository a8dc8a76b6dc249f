"""The tables of the spool, and how long a claim lasts.

A job is one row; its lines are those of its file in the other room. Each step is one statement that is committed by
itself: it names the `fence` and the `n` that it has read, so it changes nothing if anybody has written since, and
nothing if it is sent twice.
"""

from __future__ import annotations

LEASE = 30
"""Seconds for which a claim lasts unless it is renewed: so long a job waits whose machine has died."""

SURE = 0.8
"""The part of a lease for which its holder relies on it, by its own clock, counted from before it asked for it."""

MESSAGE = 10.0
"""Seconds that a message to Slack may take."""

RENEWED = 8.0
"""Seconds after which a lease is renewed."""

# job_key: Key as text. thread: CHANNEL-THREAD_TS. state: one of STATE_NUMBERS. fence: how often it was claimed or
# visited. n: how often it was written. owner: machine:pid:start. due_at: not claimed before. is_shut_out: it waits for
# an operator. leaves_mark: its thread is one in which we were asked. gesture: CHANNEL-CLIENT_MSG_ID. pending: while it
# is ready, CHANNEL-THREAD_TS-TS of the message that it asks once more. stops: who has requested one, a space behind
# each.
_JOB = """
CREATE TABLE IF NOT EXISTS job (
job_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
thread VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
state TINYINT UNSIGNED NOT NULL DEFAULT 0,
fence INT UNSIGNED NOT NULL DEFAULT 0,
n INT UNSIGNED NOT NULL DEFAULT 0,
owner VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NULL,
lease_until DATETIME(6) NULL,
due_at DATETIME(6) NOT NULL,
changed_at DATETIME(6) NOT NULL,
is_shut_out TINYINT UNSIGNED NOT NULL DEFAULT 0,
leaves_mark TINYINT UNSIGNED NOT NULL DEFAULT 0,
gesture VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
pending VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NULL,
stops VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
has_new_stop TINYINT UNSIGNED NOT NULL DEFAULT 0,
lines_ LONGTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
UNIQUE KEY gesture (gesture), UNIQUE KEY pending (pending),
KEY in_state (state, changed_at), KEY in_thread (thread, leaves_mark), KEY owned (owner)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

# facts: what is known of a thread, or of a direct message's own box (then `thread` is the channel), as JSON.
_THREAD = """
CREATE TABLE IF NOT EXISTS thread (
thread VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
facts TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
n INT UNSIGNED NOT NULL DEFAULT 0,
changed_at DATETIME(6) NOT NULL,
KEY changed (changed_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

# asked: when a person has asked in the last two minutes, a number each. told_by: the job that told the person to wait.
_PERSON = """
CREATE TABLE IF NOT EXISTS person (
person VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
asked TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
n INT UNSIGNED NOT NULL DEFAULT 0,
told_by VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
told_at DATETIME(6) NULL,
changed_at DATETIME(6) NOT NULL,
KEY changed (changed_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

# A job's file in pieces, numbered from 1. Piece 0, written last, holds how many they are.
_FILE = """
CREATE TABLE IF NOT EXISTS job_file (
job_key VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
piece INT UNSIGNED NOT NULL,
data MEDIUMBLOB NOT NULL,
PRIMARY KEY (job_key, name, piece)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
"""

SPOOL_TABLES = (_JOB, _THREAD, _PERSON, _FILE)
"""The statements that make the spool's tables."""

READY, DONE, FAILED, SWEPT = range(4)
"""The states as the column has them. Of a swept one only the key is left, by which a redelivery is known."""

STATE_NUMBERS = {"ready": READY, "done": DONE, "failed": FAILED}
"""The number of each of STATES."""
