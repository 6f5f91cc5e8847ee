-- $1 id, $2 revision it was read at. Tokens and identities go with the user; one that owns, made or approved
-- anything, or was asked for a second factor, stays.
WITH doomed AS (
    SELECT id FROM user_account u WHERE id = $1::uuid AND revision = $2::bigint
        AND NOT EXISTS (SELECT FROM certificate c WHERE c.owner_id = $1::uuid)
        AND NOT EXISTS (SELECT FROM reissue_request r WHERE r.owner_id = $1::uuid OR r.requested_by = $1::uuid
            OR r.agreement_accepted_by = $1::uuid)
        AND NOT EXISTS (SELECT FROM approval a WHERE a.by_id = $1::uuid)
        AND NOT EXISTS (SELECT FROM challenge h WHERE h.user_id = $1::uuid)
    FOR UPDATE
), tokens AS (
    DELETE FROM access_token t USING doomed d WHERE t.user_id = d.id
), identities AS (
    DELETE FROM identity i USING doomed d WHERE i.user_id = d.id
)
DELETE FROM user_account u USING doomed d WHERE u.id = d.id
RETURNING u.id
