-- Who asks for a confirmation, in words: $1 enterprise, $2 user or client
SELECT e.name AS enterprise, coalesce((SELECT u.name FROM user_account u WHERE u.id = $2),
    (SELECT c.name FROM client c WHERE c.id = $2), '') AS requester
FROM enterprise e
WHERE e.id = $1
