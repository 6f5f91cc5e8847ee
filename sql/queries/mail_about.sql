-- The mails about object $1, oldest first
SELECT id, purpose, object_id, recipient, message_id, state, code, detail, resends, tries, created_at, sent_at
FROM mail
WHERE object_id = $1
ORDER BY created_at, id
LIMIT 100
