-- What waiting clients look for; a hidden request is a change too. $1 ids
SELECT id, CASE WHEN hidden THEN -1 ELSE revision END AS revision
FROM reissue_request WHERE id = ANY ($1::uuid[])
