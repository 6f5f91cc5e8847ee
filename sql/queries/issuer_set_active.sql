-- Switches an issuer on or off. $2 active, $3 now, $4 expected revision or NULL
UPDATE issuer SET active = $2, revision = revision + 1, updated_at = $3
WHERE id = $1 AND ($4::bigint IS NULL OR revision = $4)
RETURNING revision
