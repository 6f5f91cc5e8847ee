-- An agreement and the texts of its first version, in the order of $6: [{language, text}].
WITH made AS (
    INSERT INTO agreement (id, enterprise_id, name, version, created_at, updated_at)
    VALUES ($1, $2, $3, 1, $4, $4)
    RETURNING id, enterprise_id
)
INSERT INTO agreement_text (agreement_id, enterprise_id, version, language, format, text, sha256,
    reacceptance, published_at)
SELECT made.id, made.enterprise_id, 1, t.one->>'language', $5, t.one->>'text',
    sha256(convert_to(t.one->>'text', 'UTF8')), false, $4::timestamptz + (t.place - 1) * interval '1 microsecond'
FROM made, jsonb_array_elements($6) WITH ORDINALITY AS t (one, place)
