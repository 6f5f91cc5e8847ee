-- Sealed values of relation $2 that are not under kid $1, in the order of their rows, after row $3: those of 100
-- rows. relation, member, row and enterprise are the place they are sealed for. sealed_renew writes them.
(SELECT 'connector' AS relation, 'secrets.' || m.key AS member, c.id::text AS row, c.enterprise_id AS enterprise,
    m.value->>'kid' AS kid, decode(m.value->>'sealed', 'hex') AS sealed
FROM connector c, jsonb_each(c.secrets) m
WHERE $2 = 'connector' AND m.value->>'kid' <> $1 AND c.id > $3::uuid
ORDER BY c.id FETCH FIRST 100 ROWS WITH TIES)
UNION ALL
(SELECT 'user_means', u.kind, u.user_id::text, u.enterprise_id, u.kid, u.sealed
FROM user_means u
WHERE $2 = 'user_means' AND u.kid <> $1 AND u.user_id > $3::uuid
ORDER BY u.user_id FETCH FIRST 100 ROWS WITH TIES)
UNION ALL
(SELECT 'domain_validation', 'token', v.id::text, v.enterprise_id, v.token_kid, v.token_sealed
FROM domain_validation v
WHERE $2 = 'domain_validation' AND v.token_sealed IS NOT NULL AND v.token_kid <> $1 AND v.id > $3::uuid
ORDER BY v.id FETCH FIRST 100 ROWS WITH TIES)
UNION ALL
(SELECT 'mail', 'message', m.id::text, m.enterprise_id, m.message_kid, m.message_sealed
FROM mail m
WHERE $2 = 'mail' AND m.message_sealed IS NOT NULL AND m.message_kid <> $1 AND m.id > $3::uuid
ORDER BY m.id FETCH FIRST 100 ROWS WITH TIES)
