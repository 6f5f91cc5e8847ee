-- Who has to pass a second factor, and what means it has. $1 user
SELECT u.id AS user_id, u.enterprise_id, u.name, u.email, u.language, u.status, u.email_usable_from,
    m.sealed AS mobile_sealed, m.kid AS mobile_kid, m.usable_from AS mobile_usable_from,
    n.user_id IS NOT NULL AS mobile_pending, t.user_id IS NOT NULL AS totp,
    t.usable_from AS totp_usable_from
FROM user_account u
    LEFT JOIN user_means m ON m.user_id = u.id AND m.kind = 'mobile' AND m.state = 'active'
    LEFT JOIN user_means n ON n.user_id = u.id AND n.kind = 'mobile' AND n.state = 'pending'
    LEFT JOIN user_means t ON t.user_id = u.id AND t.kind = 'totp' AND t.state = 'active'
WHERE u.id = $1::uuid
