-- A new challenge, $1 to $30 in the order of the columns
INSERT INTO challenge (id, enterprise_id, operation, user_id, request_id, certificate_id, profile_id, round,
    digest, mechanism, style, connector_id, connector_revision, option, policy_revision, on_behalf,
    summary, digits, attempts_max, resends_max, resend_after, token_id, token_hash, actor_kind, actor_id,
    address, user_agent, return_url, created_at, expires_at, updated_at, status)
VALUES ($1::uuid, $2::uuid, $3, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8::integer, $9::bytea, $10, $11,
    $12::uuid, $13::bigint, $14::jsonb, $15::bigint, $16::boolean, $17, $18::integer, $19::integer,
    $20::integer, $21::timestamptz, $22::uuid, $23::bytea, $24, $25::uuid, $26, $27, $28,
    $29::timestamptz, $30::timestamptz, $29::timestamptz, 'pending')
