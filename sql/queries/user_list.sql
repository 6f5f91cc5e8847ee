-- $1 enterprise, $2 status, $3 role, $4 e-mail
SELECT id, enterprise_id, email, name, language, status, role, reach, revision, created_at, updated_at
    --:columns
FROM user_account
WHERE ($1::uuid IS NULL OR enterprise_id = $1::uuid)
    AND ($2::text[] IS NULL OR status = ANY ($2::text[]))
    AND ($3::text IS NULL OR role = $3::text)
    AND ($4::text IS NULL OR email = $4::text)
    --:after
    --:page
