-- What the mechanism wants back with the browser: $1 challenge, $2 sealed, $3 kid, $4 now
UPDATE challenge SET private_sealed = $2::bytea, private_kid = $3, updated_at = $4::timestamptz,
    revision = revision + 1
WHERE id = $1::uuid AND status = 'pending' AND expires_at > $4::timestamptz
RETURNING id
