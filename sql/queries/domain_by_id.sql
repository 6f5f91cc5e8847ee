-- One entry of the registry. $1 id
SELECT d.id, d.enterprise_id, d.name, d.include_subdomains, d.revision, d.created_at, d.updated_at
FROM domain d
WHERE d.id = $1
