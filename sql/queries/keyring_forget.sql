-- Forgets the check value of key $1
DELETE FROM keyring_check WHERE kid = $1 RETURNING kid
