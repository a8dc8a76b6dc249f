"""A real MariaDB server for tests, and tests of what speaks to it.

server      one server, in a folder and on a Unix socket of its own: started, stopped, killed, stalled
fixtures    `mariadb`, the one of this test process, and `database`, a new one on it for each test
"""
