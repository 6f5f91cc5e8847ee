-- Waits for whoever holds the request. $1 id
SELECT revision FROM reissue_request WHERE id = $1::uuid FOR UPDATE
