-- How many of these users belong to the enterprise. $1 user ids, $2 enterprise
SELECT count(*) AS found FROM user_account WHERE id = ANY ($1::text[]::uuid[]) AND enterprise_id = $2::uuid
