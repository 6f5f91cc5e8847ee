-- CAA checks of enterprise $1 for request $2 (NULL: of none), made by $3: an array of rs_caa_row().
INSERT INTO caa_check (id, enterprise_id, request_id, kind, name, wildcard, basis, result, code, detail,
    found_at, records, dnssec, queries, checked_by, checked_at, valid_until)
SELECT c.id, $1::uuid, $2::uuid, c.kind, c.name, c.wildcard, c.basis, c.result, c.code, c.detail, c.found_at,
    c.records, c.dnssec, c.queries, $3::uuid, c.checked_at, c.valid_until
FROM jsonb_to_recordset($4::jsonb) AS c (id uuid, kind text, name text, wildcard boolean, basis jsonb,
    result text, code text, detail text, found_at text, records jsonb, dnssec text, queries jsonb,
    checked_at timestamptz, valid_until timestamptz)
