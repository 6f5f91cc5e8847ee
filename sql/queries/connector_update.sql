-- $1 id, $2 revision it was read at, $3 name, $4 display name, $5 active, $6 settings, $7 sealed secrets, $8 now,
-- $9 the secrets as they were read: sealing them anew (sealed_renew) makes no revision
UPDATE connector SET name = $3, display_name = $4, active = $5::boolean, settings = $6::jsonb, secrets = $7::jsonb,
    revision = revision + 1, updated_at = $8::timestamptz
WHERE id = $1::uuid AND revision = $2::bigint AND secrets = $9::jsonb
RETURNING id
