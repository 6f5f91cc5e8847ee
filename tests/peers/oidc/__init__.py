"""Identity providers for the tests: oidc-provider of npm (peer.py, op.mjs) and one that lies (hostile.py)."""
