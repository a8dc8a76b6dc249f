"""What happens when the database of [store], the way to it, or a machine before it fails. See __main__.py."""
