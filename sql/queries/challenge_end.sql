-- Ends a live challenge: $1 id, $2 now, $3 how, $4 failure, $5 the status it must have, or NULL
UPDATE challenge SET status = $3, failure = $4, updated_at = $2::timestamptz, revision = revision + 1
WHERE id = $1::uuid AND status IN ('pending', 'exchanging', 'returned', 'verified')
  AND ($5::text IS NULL OR status = $5)
RETURNING id
