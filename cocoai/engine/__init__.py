"""The engine: processes, sockets, FastCGI and HTTP. It does not know its application, and could be lifted out whole."""
