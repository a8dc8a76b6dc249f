"""The measurements behind the promises: programs that each print a table. README.md says how to run them."""
