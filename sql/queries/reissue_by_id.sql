-- One request with all that surrounds it, and whether its enterprise has registered domains. $1 id
--:set
SELECT x.item, r.*, EXISTS (SELECT FROM domain d WHERE d.enterprise_id = r.enterprise_id) AS registry
FROM unnest($1::text[]::uuid[]) WITH ORDINALITY AS x (id, item) JOIN reissue_view r ON r.id = x.id
WHERE NOT r.hidden
