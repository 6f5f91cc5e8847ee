-- One certificate with what an answer says about it. $1 id
--:set
SELECT x.item, c.*
FROM unnest($1::text[]::uuid[]) WITH ORDINALITY AS x (id, item) JOIN certificate_view c ON c.id = x.id
