-- Who is asked to confirm: $1 mail, $2 enterprise, $3 validation, $4 where the address is from, $5 SHA-256 of the
-- token
INSERT INTO domain_validation_mail (mail_id, enterprise_id, validation_id, source, token_sha256)
VALUES ($1, $2, $3, $4, $5)
