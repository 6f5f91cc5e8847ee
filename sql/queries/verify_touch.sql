-- The names of request $1 were verified anew: what it shows has changed. $2 now
UPDATE reissue_request SET revision = revision + 1, updated_at = $2::timestamptz
WHERE id = $1::uuid AND status NOT IN ('issuing', 'issued', 'cancelled', 'expired')
