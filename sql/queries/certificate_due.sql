-- Certificates whose planned revocation is due. $1 now
SELECT id FROM certificate WHERE revocation_due_at <= $1::timestamptz ORDER BY revocation_due_at LIMIT 100
