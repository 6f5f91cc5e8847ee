-- $1 id, $2 enterprise, $3 kind, $4 name, $5 display name, $6 active, $7 settings, $8 sealed secrets, $9 now
INSERT INTO connector (id, enterprise_id, kind, name, display_name, active, settings, secrets, created_at, updated_at)
VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6::boolean, $7::jsonb, $8::jsonb, $9::timestamptz, $9::timestamptz)
