"""Fuzz what comes from outside: Slack's payloads, threads and files, a model's streams and texts (see __main__.py).

Mutation N of a seed is always the same, so that a find can be made again.
"""
