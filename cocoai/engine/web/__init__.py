"""Serving HTTP requests over FastCGI: the worker, the protocol, the router, and the request and response.

It must not know what its handlers do.
"""
