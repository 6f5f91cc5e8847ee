-- Suspends or releases a certificate locked before. $2 status, $3 now
UPDATE certificate SET status = $2, revision = revision + 1, updated_at = $3 WHERE id = $1 RETURNING revision
