-- $1 id, $2 revision it was read at. Its tokens go with it; one that made requests stays.
WITH doomed AS (
    SELECT id FROM client WHERE id = $1::uuid AND revision = $2::bigint
        AND NOT EXISTS (SELECT FROM reissue_request r WHERE r.requested_by_client AND r.requested_by = $1::uuid)
    FOR UPDATE
), tokens AS (
    DELETE FROM access_token t USING doomed d WHERE t.client_id = d.id RETURNING t.id
)
DELETE FROM client c USING doomed d WHERE c.id = d.id AND (SELECT count(*) FROM tokens) >= 0
RETURNING c.id
