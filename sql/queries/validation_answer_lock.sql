-- Validation $1, locked, with the mail that carried the token of SHA-256 $2 to it, if one did
SELECT v.*, d.mail_id, d.source, m.recipient AS mailbox, m.message_id, m.created_at AS mailed_at
FROM domain_validation v
LEFT JOIN domain_validation_mail d ON d.validation_id = v.id AND d.token_sha256 = $2
LEFT JOIN mail m ON m.id = d.mail_id
WHERE v.id = $1
FOR UPDATE OF v
