-- What a waiting client looks for. $1 id
SELECT revision FROM reissue_request WHERE id = $1::uuid AND NOT hidden
