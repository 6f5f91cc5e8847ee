-- $1 id, $2 revision it was read at, $3 name, $4 role, $5 scopes, $6 user ids, $7 active, $8 now.
-- A switched-off client's tokens end.
WITH changed AS (
    UPDATE client SET name = $3, role = $4, scopes = $5::integer, acts_as = $6::text[]::uuid[], active = $7::boolean,
        revision = revision + 1, updated_at = $8::timestamptz
    WHERE id = $1::uuid AND revision = $2::bigint
    RETURNING *
), ended AS (
    UPDATE access_token t SET revoked_at = $8::timestamptz FROM changed c
    WHERE t.client_id = c.id AND t.revoked_at IS NULL AND NOT c.active
)
SELECT id, enterprise_id, name, role, scopes, to_jsonb(acts_as) AS acts_as, active, revision, created_at, updated_at
FROM changed
