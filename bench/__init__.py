"""The measurements behind the promises: each a program that prints a table. README.md says how to run them."""
