-- Whether there is such an agreement, and its newest version.
SELECT id, enterprise_id, version, revision FROM agreement WHERE id = $1
