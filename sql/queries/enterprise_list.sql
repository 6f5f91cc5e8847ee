-- $1 status
SELECT id, name, status, revision, created_at, updated_at
    --:columns
FROM enterprise
WHERE ($1::text[] IS NULL OR status = ANY ($1::text[]))
    --:after
    --:page
