"""A mail server that keeps what it gets, and ones that fail in every way; see peer.py."""
