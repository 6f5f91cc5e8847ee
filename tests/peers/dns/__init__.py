"""A real name server with signed zones, and one that misbehaves; see peer.py."""
