"""MariaDB, through PyMySQL: the one connection of a process, and what may be tried again. Loaded only if switched on.

server     statements and transactions of one process, on a connection of its own
address    where a database is, and who we are there
errors     what a statement may raise
"""
