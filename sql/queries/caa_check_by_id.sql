-- One CAA check with its raw messages. $1 id
SELECT c.id, c.enterprise_id, c.request_id, c.kind, c.name, c.wildcard, c.basis, c.result, c.code, c.detail,
    c.found_at, c.records, c.dnssec, c.queries, c.perspective, c.checked_by, c.checked_at, c.valid_until
FROM caa_check c
WHERE c.id = $1
