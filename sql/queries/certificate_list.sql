-- Certificates. $1 now, $2 states, $3 profiles, $4 categories, $5 needle (at least 3 characters),
-- $6 common name, $7 a SAN's value as any of these, $8 serial, $9 SPKI, $10 fingerprint, $11 lineage, $12 owner,
-- $13 and $14 end, $15 and $16 issue (from, to), $17 enterprise, $18 the owners the caller sees.
SELECT c.*
--:columns
FROM certificate_view c
WHERE ($2::text[] IS NULL OR CASE WHEN c.status <> 'issued' THEN c.status
        WHEN c.not_after < $1::timestamptz THEN 'expired' ELSE 'issued' END = ANY ($2))
    -- Says no more than the line above, but an index knows it.
    AND ($2::text[] IS NULL OR c.status = ANY (array_replace($2, 'expired', 'issued')))
    AND ($3::uuid[] IS NULL OR c.profile_id = ANY ($3))
    AND ($4::text[] IS NULL OR c.category = ANY ($4))
    AND ($5::text IS NULL OR c.id = ANY (ARRAY(SELECT search_names('certificate', $5, $18))))
    AND ($6::text IS NULL OR c.common_name = $6)
    AND ($7::text[] IS NULL OR EXISTS (SELECT FROM jsonb_array_elements(c.san) s
        WHERE lower(s ->> 'value') = ANY (ARRAY(SELECT lower(v) FROM unnest($7::text[]) v))))
    AND ($8::bytea IS NULL OR c.serial = $8)
    AND ($9::bytea IS NULL OR c.spki_sha256 = $9)
    AND ($10::bytea IS NULL OR c.fingerprint_sha256 = $10)
    AND ($11::uuid IS NULL OR c.lineage_id = $11)
    AND ($12::uuid IS NULL OR c.owner_id = $12)
    AND ($13::timestamptz IS NULL OR c.not_after >= $13)
    AND ($14::timestamptz IS NULL OR c.not_after <= $14)
    AND ($15::timestamptz IS NULL OR c.issued_at >= $15)
    AND ($16::timestamptz IS NULL OR c.issued_at <= $16)
    AND ($17::uuid IS NULL OR c.enterprise_id = $17)
    AND ($18::uuid[] IS NULL OR c.owner_id = ANY ($18))
--:after
--:page
