"""A real Active Directory domain controller (Samba), slapd, and directories that misbehave; see peer.py."""
