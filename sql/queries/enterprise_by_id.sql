-- $1 id
--:set
SELECT x.item, e.id, e.name, e.status, e.revision, e.created_at, e.updated_at
FROM unnest($1::text[]::uuid[]) WITH ORDINALITY AS x (id, item) JOIN enterprise e ON e.id = x.id
