"""The spool in a MariaDB database that several machines share. Loaded only where `[store] url` names one.

mariadb_spool   put, claim, finish and fail a job; the operator's verbs
mariadb_job     one job's row, and the claim to it: a lease and a fence
claimed_rows    the leases of this machine's processes, kept and freed
putting         what put() does: known jobs, gestures and limits
mariadb_files   a job's files, in pieces
tables          the tables, and what their columns are
"""
