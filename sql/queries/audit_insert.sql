-- $1 the event of rs_audit_row()
SELECT audit_insert($1)
