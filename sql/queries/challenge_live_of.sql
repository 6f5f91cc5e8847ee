-- The challenges that live for a request. $1 request, $2 but this one, or NULL
SELECT id, enterprise_id, status, digest FROM challenge
WHERE request_id = $1::uuid AND id IS DISTINCT FROM $2::uuid AND status IN ('pending', 'exchanging', 'returned', 'verified')
