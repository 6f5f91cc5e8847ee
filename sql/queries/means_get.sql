-- One means of a user. $1 user, $2 kind, $3 state
SELECT user_id, kind, state, enterprise_id, sealed, kid, masked, code_salt, code_mac, code_kid, attempts,
    last_counter, created_at, expires_at, usable_from
FROM user_means WHERE user_id = $1::uuid AND kind = $2 AND state = $3
