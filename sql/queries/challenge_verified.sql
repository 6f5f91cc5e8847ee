-- The granting step of everything but a reissue: $1 challenge, $2 now, $3 until, $4 the status it must have
UPDATE challenge SET status = 'verified', updated_at = $2::timestamptz, verified_until = $3::timestamptz,
    revision = revision + 1
WHERE id = $1::uuid AND status = $4 AND operation <> 'reissue' AND expires_at > $2::timestamptz
RETURNING id
