-- A time step is good once: $1 user, $2 the step of the code, which must be newer than all used before
UPDATE user_means SET last_counter = $2::bigint
WHERE user_id = $1::uuid AND kind = 'totp' AND state = 'active' AND last_counter < $2::bigint
RETURNING last_counter
