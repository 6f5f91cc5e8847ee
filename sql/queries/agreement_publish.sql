-- The next version of an agreement locked before. $2 now, $3 format, $4 reacceptance, $5 texts.
WITH made AS (
    UPDATE agreement SET version = version + 1, revision = revision + 1, updated_at = $2
    WHERE id = $1
    RETURNING id, enterprise_id, version
)
INSERT INTO agreement_text (agreement_id, enterprise_id, version, language, format, text, sha256,
    reacceptance, published_at)
SELECT made.id, made.enterprise_id, made.version, t.one->>'language', $3, t.one->>'text',
    sha256(convert_to(t.one->>'text', 'UTF8')), $4, $2::timestamptz + (t.place - 1) * interval '1 microsecond'
FROM made, jsonb_array_elements($5) WITH ORDINALITY AS t (one, place)
