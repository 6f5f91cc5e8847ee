-- Keeps connectors from being deleted while a profile that names them is stored. $1 their ids
SELECT id FROM connector WHERE id = ANY ($1::text[]::uuid[]) ORDER BY id FOR KEY SHARE
