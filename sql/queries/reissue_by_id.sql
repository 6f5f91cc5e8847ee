-- One request with all that surrounds it. $1 id
SELECT * FROM reissue_view WHERE id = $1::uuid AND NOT hidden
