-- Control validations, without their attempts. $1 the identifier as any of these, $2 states, $3 method, $4 enterprise,
-- $5 who they were asked for by (NULL: anybody)
SELECT v.*, '[]'::jsonb AS attempts
--:columns
FROM domain_validation v
WHERE ($1::text[] IS NULL OR v.identifier = ANY ($1))
    AND ($2::text[] IS NULL OR v.status = ANY ($2))
    AND ($3::text IS NULL OR v.method = $3)
    AND ($4::uuid IS NULL OR v.enterprise_id = $4)
    AND ($5::text[] IS NULL OR v.requested_by = ANY ($5::text[]::uuid[]))
--:after
--:page
