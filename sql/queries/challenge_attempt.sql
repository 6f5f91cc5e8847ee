-- Counts an answer before it is looked at: as an attempt of challenge $1, and as a wrong one of its user
-- until it has proven right; the $3rd in a row locks the user, each time twice as long, from $4 up to $5
-- seconds. No row: the challenge does not take answers, or the user is locked. $2 now
WITH c AS MATERIALIZED (
    SELECT id, user_id, enterprise_id FROM challenge
    WHERE id = $1::uuid AND status = 'pending' AND attempts < attempts_max AND expires_at > $2::timestamptz
    FOR UPDATE
), s AS (
    INSERT INTO challenge_subject AS s (user_id, enterprise_id, wrong, updated_at)
    SELECT c.user_id, c.enterprise_id, 1, $2::timestamptz FROM c
    ON CONFLICT (user_id) DO UPDATE SET
        wrong = CASE WHEN s.wrong + 1 >= $3::integer THEN 0 ELSE s.wrong + 1 END,
        locks = s.locks + CASE WHEN s.wrong + 1 >= $3::integer THEN 1 ELSE 0 END,
        locked_until = CASE WHEN s.wrong + 1 >= $3::integer THEN $2::timestamptz
            + least($5::integer, $4::integer * power(2, least(s.locks, 16))) * interval '1 second' END,
        updated_at = $2::timestamptz
    WHERE s.locked_until IS NULL OR s.locked_until <= $2::timestamptz
    RETURNING s.user_id, s.locked_until IS NOT NULL AS locks
), u AS (
    UPDATE challenge x SET attempts = x.attempts + 1, attempted_at = $2::timestamptz,
        updated_at = $2::timestamptz, revision = x.revision + 1
    FROM s WHERE x.id = $1::uuid
    RETURNING x.attempts, x.attempts_max, s.locks
)
SELECT attempts, attempts_max, locks FROM u
