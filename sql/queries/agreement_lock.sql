-- The same, kept from others until the transaction ends.
SELECT id, enterprise_id, name, version, revision FROM agreement WHERE id = $1 FOR UPDATE
