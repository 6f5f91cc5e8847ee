-- CAA checks. $1 the name as any of these, $2 who they were made by (NULL: anybody), $3 request
SELECT c.id, c.enterprise_id, c.request_id, c.kind, c.name, c.wildcard, c.basis, c.result, c.code, c.detail,
    c.found_at, c.records, c.dnssec, (SELECT coalesce(jsonb_agg(q - 'message'), '[]'::jsonb)
        FROM jsonb_array_elements(c.queries) q) AS queries,
    c.perspective, c.checked_by, c.checked_at, c.valid_until
--:columns
FROM caa_check c
WHERE ($1::text[] IS NULL OR c.name = ANY ($1))
    AND ($2::text[] IS NULL OR c.checked_by = ANY ($2::text[]::uuid[]))
    AND ($3::uuid IS NULL OR c.request_id = $3)
--:after
--:page
