-- $1 id, $2 enterprise, $3 user, $4 kind, $5 issuer, $6 subject, $7 now, $8 from when on one that is not the
-- user's first of its kind is a second factor
WITH u AS (
    UPDATE user_account SET linked_kinds = CASE WHEN $4 = ANY (linked_kinds) THEN linked_kinds
        ELSE linked_kinds || $4::text END
    WHERE id = $3::uuid
), k AS MATERIALIZED (
    SELECT $4 = ANY (linked_kinds) AS again FROM user_account WHERE id = $3::uuid
)
INSERT INTO identity (id, enterprise_id, user_id, kind, issuer, subject, created_at, usable_from)
SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7::timestamptz, CASE WHEN k.again THEN $8::timestamptz END
FROM k
RETURNING id, user_id, kind, issuer, subject, created_at
