-- What happened to an object, for those who may see the object. $1 object
SELECT e.id, e.at, e.action, e.actor_kind, e.actor_id, e.actor_name, e.from_state, e.to_state, e.detail
--:columns
FROM audit_event e
WHERE e.object_id = $1 AND e.outcome = 'done'
--:after
--:page
