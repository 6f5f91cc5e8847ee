-- One at a time for a user. $1 user
SELECT id FROM user_account WHERE id = $1::uuid FOR NO KEY UPDATE
