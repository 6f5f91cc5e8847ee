-- The challenges that live for a request. $1 request
SELECT id, enterprise_id, status, digest FROM challenge
WHERE request_id = $1::uuid AND status IN ('pending', 'exchanging', 'returned', 'verified')
