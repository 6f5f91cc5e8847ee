-- What an attempt was worth: evidence, and the end of a challenge that bears no more. $1 challenge, $2 now,
-- $3 outcome, $4 code, $5 detail, $6 proof and $7 its kid, $8 address, $9 user agent, $10 whether the
-- attempt counts as wrong
WITH e AS (
    INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, outcome, code, detail, proof_sealed,
        proof_kid, address, user_agent)
    SELECT c.enterprise_id, c.id, $2::timestamptz, 'attempt', $3, $4, $5::jsonb, $6::bytea, $7, $8, $9
    FROM challenge c WHERE c.id = $1::uuid
), u AS (
    UPDATE challenge SET status = 'locked', failure = 'challenge-locked', updated_at = $2::timestamptz,
        revision = revision + 1
    WHERE id = $1::uuid AND $10::boolean AND status = 'pending' AND attempts >= attempts_max
    RETURNING id
)
SELECT EXISTS (SELECT 1 FROM u) AS locked
