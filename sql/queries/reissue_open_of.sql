-- The open request of certificate $1; lets go key $2 that request $3, which was not made, had claimed.
SELECT r.id, r.number, r.status, spki_release($2::bytea, $3::uuid) AS released
FROM reissue_request r
WHERE r.certificate_id = $1::uuid AND r.status NOT IN ('issued', 'cancelled', 'expired')
