-- $1 id, $2 revision it was read at, $3 name, $4 status, $5 now
UPDATE enterprise SET name = $3, status = $4, revision = revision + 1, updated_at = $5::timestamptz
WHERE id = $1::uuid AND revision = $2::bigint
RETURNING id, name, status, revision, created_at, updated_at
