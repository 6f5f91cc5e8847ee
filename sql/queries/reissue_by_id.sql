-- One request with all that surrounds it, and whether its enterprise has registered domains. $1 id
SELECT r.*, EXISTS (SELECT FROM domain d WHERE d.enterprise_id = r.enterprise_id) AS registry
FROM reissue_view r
WHERE r.id = $1::uuid AND NOT r.hidden
