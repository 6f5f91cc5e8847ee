-- The places (from 1) of the names $2 that enterprise $1 has not registered; '' is covered by nature,
-- and everything is when the registry is empty.
SELECT n.place
FROM unnest($2::text[]) WITH ORDINALITY AS n (name, place)
WHERE n.name <> '' AND EXISTS (SELECT FROM domain d WHERE d.enterprise_id = $1::uuid)
  AND NOT EXISTS (SELECT FROM domain d WHERE d.enterprise_id = $1::uuid
      AND (d.name = n.name OR d.include_subdomains AND n.name LIKE '%.' || d.name))
ORDER BY n.place
