-- $1 id, $2 name, $3 status, $4 now
INSERT INTO enterprise (id, name, status, created_at, updated_at)
VALUES ($1::uuid, $2, $3, $4::timestamptz, $4::timestamptz)
RETURNING id, name, status, revision, created_at, updated_at
