"""The pool: a master and its workers. It does not know what a worker serves, nor what maintenance is."""
