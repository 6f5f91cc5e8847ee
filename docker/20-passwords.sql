-- Run once by the postgres image, after 10-roles.sql: the roles get the passwords that docker/setup
-- made. They are read from the secret by psql itself and stand in no environment.
\set owner_password `sed -n 's/^reissued_owner=//p' /run/secrets/role_passwords`
\set app_password `sed -n 's/^reissued_app=//p' /run/secrets/role_passwords`
\set job_password `sed -n 's/^reissued_job=//p' /run/secrets/role_passwords`
\set audit_password `sed -n 's/^reissued_audit=//p' /run/secrets/role_passwords`
ALTER ROLE reissued_owner PASSWORD :'owner_password';
ALTER ROLE reissued_app PASSWORD :'app_password';
ALTER ROLE reissued_job PASSWORD :'job_password';
ALTER ROLE reissued_audit PASSWORD :'audit_password';
