-- One text. $2 version (NULL: the newest), $3 language (NULL: that of the user $4 if the version has it,
-- else the default one, that is the first).
-- The texts of a version are published a microsecond apart, which keeps their order.
SELECT a.id, a.enterprise_id, a.name, a.revision, t.version, t.language, t.text, t.format, t.sha256,
    t.reacceptance, t.published_at,
    (SELECT coalesce(max(r.version), 1) FROM agreement_text r
        WHERE r.agreement_id = a.id AND r.reacceptance) AS least_version,
    (SELECT array_agg(l.language ORDER BY l.published_at) FROM agreement_text l
        WHERE l.agreement_id = a.id AND l.version = t.version) AS languages
FROM agreement a JOIN agreement_text t ON t.agreement_id = a.id AND t.version = coalesce($2::integer, a.version)
WHERE a.id = $1 AND ($3::text IS NULL OR t.language = $3)
ORDER BY coalesce(t.language = (SELECT u.language FROM user_account u WHERE u.id = $4::uuid), false) DESC,
    t.published_at
LIMIT 1
