-- The kids of all keys that this database was ever used with
SELECT kid FROM keyring_check
