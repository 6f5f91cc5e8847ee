-- Agreements in their newest version and default language. $1 enterprise.
SELECT a.id, a.enterprise_id, a.name, a.revision, t.version, t.language, t.text, t.format, t.sha256,
    t.reacceptance, t.published_at, t.languages
--:columns
FROM agreement a CROSS JOIN LATERAL (
    SELECT first.*, (SELECT array_agg(l.language ORDER BY l.published_at) FROM agreement_text l
        WHERE l.agreement_id = a.id AND l.version = a.version) AS languages
    FROM agreement_text first
    WHERE first.agreement_id = a.id AND first.version = a.version
    ORDER BY first.published_at LIMIT 1) t
WHERE ($1::uuid IS NULL OR a.enterprise_id = $1)
--:after
--:page
