-- $1 the claim of rs_p_idem(), $2 type and $3 id of what was made or changed
SELECT idem_effect($1, $2, $3) AS held
