-- $1 id, $2 revision it was read at, $3 name, $4 SHA-256 of a new secret or null, $5 role, $6 scopes, $7 user ids,
-- $8 active, $9 now. A new secret or a switched-off client ends the tokens in use.
WITH changed AS (
    UPDATE client SET name = $3, secret_hash = coalesce($4::bytea, secret_hash), role = $5, scopes = $6::integer,
        acts_as = $7::text[]::uuid[], active = $8::boolean, revision = revision + 1, updated_at = $9::timestamptz
    WHERE id = $1::uuid AND revision = $2::bigint
    RETURNING *
), ended AS (
    UPDATE access_token t SET revoked_at = $9::timestamptz FROM changed c
    WHERE t.client_id = c.id AND t.revoked_at IS NULL AND ($4::bytea IS NOT NULL OR NOT c.active)
)
SELECT id, enterprise_id, name, role, scopes, to_jsonb(acts_as) AS acts_as, active, revision, created_at, updated_at FROM changed
