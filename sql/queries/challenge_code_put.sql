-- The code that is good for a channel from now on. $1 challenge, $2 channel, $3 enterprise, $4 salt, $5 MAC,
-- $6 kid, $7 now
INSERT INTO challenge_code (challenge_id, channel, enterprise_id, salt, mac, kid, made_at)
VALUES ($1::uuid, $2, $3::uuid, $4::bytea, $5::bytea, $6, $7::timestamptz)
ON CONFLICT (challenge_id, channel) DO UPDATE SET salt = excluded.salt, mac = excluded.mac,
    kid = excluded.kid, made_at = excluded.made_at
