-- Reissue requests by state. $1 enterprise, $2 the owners the caller sees
SELECT status, count(*) AS count FROM reissue_request
WHERE NOT hidden AND ($1::uuid IS NULL OR enterprise_id = $1) AND ($2::uuid[] IS NULL OR owner_id = ANY ($2))
GROUP BY status
