"""MariaDB, through PyMySQL: the one connection of a process, and what may be tried again. Loaded only if switched on.

mariadb    statements and transactions of one process, on a connection of its own
session    one connection
address    where a database is, and who we are there
errors     what a statement may raise
tally      what all processes of a machine have met there within a day
"""
