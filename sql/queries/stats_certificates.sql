-- Certificates by state. $1 now, $2 enterprise, $3 the owners the caller sees
SELECT count(*) FILTER (WHERE c.status = 'issued' AND c.not_after >= $1::timestamptz) AS issued,
    count(*) FILTER (WHERE c.status = 'suspended') AS suspended,
    count(*) FILTER (WHERE c.status = 'revoked') AS revoked,
    count(*) FILTER (WHERE c.status = 'issued' AND c.not_after < $1::timestamptz) AS expired,
    count(*) FILTER (WHERE c.replaces_id IS NOT NULL) AS reissued,
    count(*) FILTER (WHERE c.replaces_id IS NOT NULL
        AND c.created_at >= $1::timestamptz - interval '30 days') AS reissued_recently,
    count(*) FILTER (WHERE c.status = 'issued' AND c.not_after >= $1::timestamptz
        AND c.not_after < $1::timestamptz + interval '30 days') AS in_30_days,
    count(*) FILTER (WHERE c.status = 'issued' AND c.not_after >= $1::timestamptz
        AND c.not_after < $1::timestamptz + interval '90 days') AS in_90_days,
    count(*) FILTER (WHERE c.source = 'issued') AS used
FROM certificate c
WHERE ($2::uuid IS NULL OR c.enterprise_id = $2) AND ($3::uuid[] IS NULL OR c.owner_id = ANY ($3))
