-- Reissue requests. $1 states, $2 reasons, $3 profiles, $4 categories, $5 number, $6 certificate,
-- $7 requested by, $8 owner, $9 needle (at least 3 characters), $10 common name, $11 a SAN's value as any of these,
-- $12 serial of the old or the new certificate, $13 and $14 creation, $15 and $16 submit, $17 and $18
-- issue (from, to), $19 enterprise, $20 the owners the caller sees, $21 and $22 the
-- last change
SELECT c.*, EXISTS (SELECT FROM domain d WHERE d.enterprise_id = c.enterprise_id) AS registry
--:columns
FROM reissue_view c
WHERE NOT c.hidden
    AND ($1::text[] IS NULL OR c.status = ANY ($1))
    AND ($2::text[] IS NULL OR c.reason = ANY ($2))
    AND ($3::uuid[] IS NULL OR c.profile_id = ANY ($3))
    AND ($4::text[] IS NULL OR c.category = ANY ($4))
    AND ($5::text IS NULL OR c.number = $5)
    AND ($6::uuid IS NULL OR c.certificate_id = $6)
    AND ($7::uuid IS NULL OR c.requested_by = $7)
    AND ($8::uuid IS NULL OR c.owner_id = $8)
    AND ($9::text IS NULL OR c.id = ANY (ARRAY(SELECT search_names('reissue_request', $9, $20))))
    AND ($10::text IS NULL OR c.common_name = $10)
    AND ($11::text[] IS NULL OR EXISTS (SELECT FROM jsonb_array_elements(c.san) s
        WHERE lower(s ->> 'value') = ANY (ARRAY(SELECT lower(v) FROM unnest($11::text[]) v))))
    AND ($12::bytea IS NULL OR c.certificate_serial = $12
        OR EXISTS (SELECT 1 FROM certificate n WHERE n.id = c.new_certificate_id AND n.serial = $12))
    AND ($13::timestamptz IS NULL OR c.created_at >= $13)
    AND ($14::timestamptz IS NULL OR c.created_at <= $14)
    AND ($15::timestamptz IS NULL OR c.submitted_at >= $15)
    AND ($16::timestamptz IS NULL OR c.submitted_at <= $16)
    AND ($17::timestamptz IS NULL OR c.issued_at >= $17)
    AND ($18::timestamptz IS NULL OR c.issued_at <= $18)
    AND ($19::uuid IS NULL OR c.enterprise_id = $19)
    AND ($21::timestamptz IS NULL OR c.updated_at >= $21)
    AND ($22::timestamptz IS NULL OR c.updated_at <= $22)
    AND ($20::uuid[] IS NULL OR c.owner_id = ANY ($20))
--:after
--:page
