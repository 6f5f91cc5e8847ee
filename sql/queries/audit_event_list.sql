-- Audit events. $1 actor, $2 object type, $3 object, $4 action, $5 and $6 from, to, $7 enterprise
SELECT e.*
--:columns
FROM audit_event e
WHERE ($1::uuid IS NULL OR e.actor_id = $1)
    AND ($2::text IS NULL OR e.object_type = $2)
    AND ($3::uuid IS NULL OR e.object_id = $3)
    AND ($4::text IS NULL OR e.action = $4)
    AND ($5::timestamptz IS NULL OR e.at >= $5)
    AND ($6::timestamptz IS NULL OR e.at <= $6)
    AND ($7::uuid IS NULL OR e.enterprise_id = $7)
--:after
--:page
