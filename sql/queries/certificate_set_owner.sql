-- Gives a certificate locked before to another owner. $2 owner, $3 now
UPDATE certificate SET owner_id = $2, revision = revision + 1, updated_at = $3 WHERE id = $1 RETURNING revision
