-- $1 id, $2 revision it was read at
DELETE FROM jwt_issuer WHERE id = $1::uuid AND revision = $2::bigint RETURNING id
