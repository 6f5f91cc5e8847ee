-- Takes a key off the blocklist.
DELETE FROM blocked_key WHERE spki_sha256 = $1 RETURNING spki_sha256
