-- $1 e-mail, lower case
SELECT user_id, enterprise_id, enterprise_status, status, role, reach, name, password_hash
FROM login_by_email($1::text)
