-- $1 id: what a password is checked against
SELECT password_hash FROM user_account WHERE id = $1::uuid
