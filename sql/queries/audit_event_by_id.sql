-- One audit event. $1 id
SELECT * FROM audit_event WHERE id = $1
