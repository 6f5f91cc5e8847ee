-- How many sign-ins of a user at identity providers are under way, but for one challenge.
-- $1 user, $2 challenge, $3 now
SELECT count(*) AS open FROM challenge
WHERE user_id = $1::uuid AND id <> $2::uuid AND style = 'redirect' AND private_sealed IS NOT NULL
    AND status IN ('pending', 'exchanging') AND expires_at > $3::timestamptz
