-- How a key stands. $1 its digest, $2 owner, $3 request, $4 lineage
SELECT spki_state($1::bytea, $2::uuid, $3::uuid) AS claim,
    EXISTS (SELECT 1 FROM certificate WHERE spki_sha256 = $1::bytea AND lineage_id = $4::uuid) AS previous
