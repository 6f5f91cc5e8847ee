-- What the mechanism wants back with the browser: $1 challenge, $2 sealed, $3 kid, $4 now; that it went, for the
-- evidence, with the browser's $5 address and $6 user agent
WITH u AS (
    UPDATE challenge SET private_sealed = $2::bytea, private_kid = $3, updated_at = $4::timestamptz,
        revision = revision + 1
    WHERE id = $1::uuid AND status = 'pending' AND expires_at > $4::timestamptz
    RETURNING id, enterprise_id
), e AS (
    INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, from_status, to_status, address,
        user_agent)
    SELECT u.enterprise_id, u.id, $4::timestamptz, 'status', 'pending', 'redirected', $5, $6 FROM u
)
SELECT id FROM u
