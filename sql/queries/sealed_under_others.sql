-- Sealed values that live longer than a message is on its way and are not under kid $1, in the order of relation,
-- row and member, after ($2, $3, $4): 100 of them. relation, member, row and enterprise are the place they are
-- sealed for. What is here is written by sealed_renew.
SELECT s.relation, s.member, s.row, s.enterprise, s.kid, s.sealed
FROM (
    SELECT 'connector' AS relation, 'secrets.' || m.key AS member, c.id::text AS row, c.enterprise_id AS enterprise,
        m.value->>'kid' AS kid, decode(m.value->>'sealed', 'hex') AS sealed
    FROM connector c, jsonb_each(c.secrets) m
    UNION ALL
    SELECT 'user_means', u.kind, u.user_id::text, u.enterprise_id, u.kid, u.sealed
    FROM user_means u WHERE u.state = 'active'
    UNION ALL
    SELECT 'domain_validation', 'token', v.id::text, v.enterprise_id, v.token_kid, v.token_sealed
    FROM domain_validation v WHERE v.token_sealed IS NOT NULL
    UNION ALL
    SELECT 'mail', 'message', m.id::text, m.enterprise_id, m.message_kid, m.message_sealed
    FROM mail m WHERE m.message_sealed IS NOT NULL
) s
WHERE s.kid <> $1 AND (s.relation, s.row, s.member) > ($2, $3, $4)
ORDER BY s.relation, s.row, s.member
LIMIT 100
