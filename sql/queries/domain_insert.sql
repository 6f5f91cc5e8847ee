-- $1 id, $2 enterprise, $3 name, $4 include_subdomains, $5 by, $6 now
INSERT INTO domain (id, enterprise_id, name, include_subdomains, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
