-- Writes a value of sealed_under_others sealed anew: $1 relation, $2 member, $3 row, $4 as it was, $5 as it shall
-- be, $6 its kid. Nothing when it has changed meanwhile.
WITH c AS (
    UPDATE connector SET secrets = jsonb_set(secrets, ARRAY[substr($2, 9)], secrets->substr($2, 9)
        || jsonb_build_object('kid', $6::text, 'sealed', encode($5::bytea, 'hex')))
    WHERE $1 = 'connector' AND id = $3::uuid AND secrets->substr($2, 9)->>'sealed' = encode($4::bytea, 'hex')
    RETURNING id
), u AS (
    UPDATE user_means SET sealed = $5::bytea, kid = $6
    WHERE $1 = 'user_means' AND user_id = $3::uuid AND kind = $2 AND sealed = $4::bytea
    RETURNING user_id
), v AS (
    UPDATE domain_validation SET token_sealed = $5::bytea, token_kid = $6
    WHERE $1 = 'domain_validation' AND id = $3::uuid AND token_sealed = $4::bytea
    RETURNING id
), m AS (
    UPDATE mail SET message_sealed = $5::bytea, message_kid = $6
    WHERE $1 = 'mail' AND id = $3::uuid AND message_sealed = $4::bytea
    RETURNING id
)
SELECT c.id FROM c UNION ALL SELECT u.user_id FROM u UNION ALL SELECT v.id FROM v UNION ALL SELECT m.id FROM m
