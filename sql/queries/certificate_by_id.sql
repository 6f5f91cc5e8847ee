-- One certificate with what an answer says about it. $1 id
SELECT * FROM certificate_view WHERE id = $1
