-- Issuing CAs.
SELECT i.id, i.slug, i.name, i.certificate_der, i.publicly_trusted, i.active, i.revision, i.created_at,
    i.updated_at
--:columns
FROM issuer i
WHERE true
--:after
--:page
