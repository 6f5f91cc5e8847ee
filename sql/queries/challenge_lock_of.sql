-- Until when a user's second factor is locked. $1 user
SELECT locked_until FROM challenge_subject WHERE user_id = $1::uuid
