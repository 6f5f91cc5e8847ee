-- $1 id, $2 revision it was read at
SELECT id FROM connector WHERE id = $1::uuid AND revision = $2::bigint FOR UPDATE
