-- Keeps others from making a challenge for the same user meanwhile, and holds the request (NULL: none) in
-- round $3 with digest $4 and one of the states $5. $1 user, $2 request
WITH r AS MATERIALIZED (
    SELECT id FROM reissue_request WHERE id = $2::uuid AND round = $3::integer AND digest = $4::bytea
      AND status = ANY ($5::text[]) FOR NO KEY UPDATE
), u AS MATERIALIZED (
    SELECT id FROM user_account WHERE id = $1::uuid AND status <> 'blocked'
      AND ($2::uuid IS NULL OR EXISTS (SELECT 1 FROM r)) FOR NO KEY UPDATE
)
SELECT u.id FROM u
