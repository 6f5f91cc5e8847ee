"""A real name server with signed zones, and one that misbehaves; see peer.py."""
from .peer import DnsPeer

__all__ = ["DnsPeer"]
