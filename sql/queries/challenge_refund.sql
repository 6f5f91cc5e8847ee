-- Takes an attempt of challenge $1 back that could not be judged, or was right and could not be granted; $2
-- whether it had locked the user, $3 how many in a row do. One that was granted all the same has reset them.
WITH u AS (
    UPDATE challenge SET attempts = attempts - 1, revision = revision + 1
    WHERE id = $1::uuid AND attempts > 0 AND status NOT IN ('verified', 'consumed') RETURNING user_id
)
UPDATE challenge_subject s SET
    wrong = CASE WHEN $2::boolean THEN $3::integer - 1 ELSE greatest(s.wrong - 1, 0) END,
    locks = CASE WHEN $2::boolean THEN greatest(s.locks - 1, 0) ELSE s.locks END,
    locked_until = CASE WHEN $2::boolean THEN NULL ELSE s.locked_until END
FROM u WHERE s.user_id = u.user_id
RETURNING s.user_id
