-- Certificates in bulk beside profile %(profile)s, %(count)s of them, for the figures of pages and search.
-- Foreign keys and triggers are off for this session: the rows are right by construction.
SET session_replication_role = replica;
INSERT INTO certificate (id, enterprise_id, owner_id, profile_id, issuer_id, issuer_name,
    issuer_name_sha256, serial, status, category, source, subject, san, common_name, search_text,
    not_before, not_after, key, extensions, spki_sha256, fingerprint_sha256, lineage_id, created_at,
    updated_at)
SELECT b.id, t.enterprise_id, t.owner_id, t.profile_id, t.issuer_id, t.issuer_name, t.issuer_name_sha256,
    decode(md5('serial' || b.n), 'hex'), 'issued', t.category, 'issued',
    jsonb_build_object('common_name', b.name),
    jsonb_build_array(jsonb_build_object('type', 'dns', 'value', b.name)), b.name, b.name || E'\n' || b.name,
    t.not_before, t.not_after, t.key, t.extensions, sha256(convert_to('spki' || b.n, 'UTF8')),
    sha256(convert_to('der' || b.n, 'UTF8')), b.id, '2020-01-01'::timestamptz + b.n * interval '1 second',
    '2020-01-01'::timestamptz + b.n * interval '1 second'
FROM (SELECT c.* FROM certificate c WHERE c.profile_id = %(profile)s LIMIT 1) t,
    -- The ids are of version 7, of the second each was created.
    LATERAL (SELECT n, (lpad(to_hex(1577836800000 + n * 1000), 12, '0') || '7' || substr(h, 1, 3) || 'a'
            || substr(h, 4, 15))::uuid AS id, substr(h, 1, 8) || '.example.com' AS name
        FROM generate_series(1::bigint, %(count)s) AS n, md5('host' || n) AS h) b;
SET session_replication_role = origin;
ANALYZE certificate;
