-- One challenge, with where its codes went. $1 id
SELECT c.id, c.enterprise_id, c.operation, c.user_id, c.request_id, c.certificate_id, c.profile_id, c.round,
    c.digest, c.mechanism, c.style, c.connector_id, c.connector_revision, c.option, c.policy_revision,
    c.on_behalf, c.summary, c.status, c.failure, c.digits, c.attempts, c.attempts_max, c.attempted_at,
    c.resends, c.resends_max, c.resend_after, c.token_id, c.token_hash, c.actor_id, c.return_url,
    c.private_sealed, c.private_kid, c.revision, c.created_at, c.updated_at, c.expires_at,
    c.verified_until, coalesce(d.destinations, '[]'::jsonb) AS destinations
FROM challenge c
    LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('channel', l.channel, 'masked', l.masked,
            'delivery', l.status) ORDER BY l.channel) AS destinations
        FROM (SELECT DISTINCT ON (x.channel) x.channel, x.masked, x.status FROM challenge_delivery x
            WHERE x.challenge_id = c.id ORDER BY x.channel, x.attempt DESC) l) d ON true
WHERE c.id = $1::uuid
