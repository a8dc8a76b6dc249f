"""The database of [store] as an operator sees it: its tables and their version, and whether it is fit for its work."""
