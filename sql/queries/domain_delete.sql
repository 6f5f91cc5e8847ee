-- Removes entry $1, read in revision $2, and ends the validations of its names. $3 now
WITH gone AS (
    DELETE FROM domain WHERE id = $1::uuid AND revision = $2::bigint
    RETURNING id, enterprise_id, name, include_subdomains
), ended AS (
    UPDATE domain_validation v SET status = 'cancelled', token_sealed = NULL, token_kid = NULL,
        next_attempt_at = NULL, revision = v.revision + 1, updated_at = $3::timestamptz
    FROM gone g
    WHERE v.enterprise_id = g.enterprise_id AND v.status IN ('pending', 'valid', 'expired')
      AND v.identifier_type IN ('dns', 'email')
      AND (split_part(v.identifier, '@', -1) = g.name
           OR g.include_subdomains AND split_part(v.identifier, '@', -1) LIKE '%.' || g.name)
    RETURNING v.id
), unsent AS (
    UPDATE mail m SET message_sealed = NULL, message_kid = NULL, updated_at = $3::timestamptz,
        code = CASE m.state WHEN 'queued' THEN 'gone' ELSE m.code END,
        state = CASE m.state WHEN 'queued' THEN 'failed' ELSE m.state END
    FROM ended e
    WHERE m.object_id = e.id AND m.message_sealed IS NOT NULL
)
SELECT g.id, (SELECT count(*) FROM ended) AS ended FROM gone g
