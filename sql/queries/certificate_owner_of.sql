-- A user who may own certificates of an enterprise. $1 user, $2 enterprise
SELECT id, name, status FROM user_account WHERE id = $1 AND enterprise_id = $2
