-- Certificates, their bytes, keys claimed and keys blocked.

CREATE TABLE certificate (
    id                    uuid        NOT NULL,
    enterprise_id         uuid        NOT NULL,
    owner_id              uuid        NOT NULL,
    profile_id            uuid        NOT NULL,
    issuer_id             uuid,                  -- NULL: imported from another CA
    issuer_name           text        NOT NULL,  -- RFC 4514 text, for people
    issuer_name_sha256    bytea       NOT NULL,  -- of the DER name: with serial, the identity
    serial                bytea       NOT NULL,  -- unsigned big endian, no leading zero octets
    status                text        NOT NULL,  -- expired is derived from not_after
    category              text        NOT NULL,
    source                text        NOT NULL,
    subject               jsonb       NOT NULL,
    san                   jsonb       NOT NULL,
    common_name           text        NOT NULL DEFAULT '',
    search_text           text        NOT NULL,  -- lower case CN and SAN values, LF between
    not_before            timestamptz NOT NULL,
    not_after             timestamptz NOT NULL,  -- inclusive
    key                   jsonb       NOT NULL,  -- {algorithm, curve, size}
    extensions            jsonb       NOT NULL,  -- {key_usage, extended_key_usage, policies}
    unsupported           jsonb       NOT NULL DEFAULT '[]', -- names we cannot carry over
    spki_sha256           bytea       NOT NULL,
    fingerprint_sha256    bytea       NOT NULL,
    lineage_id            uuid        NOT NULL,
    generation            integer     NOT NULL DEFAULT 1,
    replaces_id           uuid,
    issued_by_request_id  uuid,
    revoked_at            timestamptz,
    revocation_reason     text,
    invalidity_date       timestamptz,
    revocation_due_at     timestamptz,
    revision              bigint      NOT NULL DEFAULT 1,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    CONSTRAINT certificate_pk PRIMARY KEY (id),
    CONSTRAINT certificate_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT certificate_owner_fk FOREIGN KEY (owner_id) REFERENCES user_account (id),
    CONSTRAINT certificate_profile_fk FOREIGN KEY (profile_id) REFERENCES profile (id),
    CONSTRAINT certificate_issuer_fk FOREIGN KEY (issuer_id) REFERENCES issuer (id),
    CONSTRAINT certificate_replaces_fk FOREIGN KEY (replaces_id) REFERENCES certificate (id),
    CONSTRAINT certificate_serial_unique UNIQUE (issuer_name_sha256, serial),
    CONSTRAINT certificate_status_known CHECK (status IN ('issued', 'suspended', 'revoked')),
    CONSTRAINT certificate_source_known CHECK (source IN ('issued', 'imported')),
    CONSTRAINT certificate_revocation_whole CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)
        AND (revoked_at IS NULL) = (revocation_reason IS NULL)),
    CONSTRAINT certificate_reason_known CHECK (revocation_reason IN ('unspecified', 'keyCompromise',
        'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn', 'caCompromise'))
);
CREATE INDEX certificate_created_idx ON certificate (enterprise_id, created_at, id);
CREATE INDEX certificate_expiry_idx ON certificate (enterprise_id, not_after, id);
CREATE INDEX certificate_all_created_idx ON certificate (created_at, id);
CREATE INDEX certificate_name_idx ON certificate (enterprise_id, common_name, id);
CREATE INDEX certificate_owner_idx ON certificate (owner_id, created_at, id);
CREATE INDEX certificate_lineage_idx ON certificate (lineage_id);
CREATE INDEX certificate_replaces_idx ON certificate (replaces_id);
CREATE INDEX certificate_spki_idx ON certificate (spki_sha256);
CREATE INDEX certificate_fingerprint_idx ON certificate (fingerprint_sha256);
CREATE INDEX certificate_serial_idx ON certificate (serial);
CREATE INDEX certificate_due_idx ON certificate (revocation_due_at) WHERE revocation_due_at IS NOT NULL;
CREATE INDEX certificate_status_idx ON certificate (enterprise_id, status, created_at, id);

CREATE TABLE certificate_der (
    certificate_id  uuid  NOT NULL,
    enterprise_id   uuid  NOT NULL,
    der             bytea NOT NULL,
    chain_pem       text,             -- imported chain; NULL: the issuer's
    CONSTRAINT certificate_der_pk PRIMARY KEY (certificate_id),
    CONSTRAINT certificate_der_certificate_fk FOREIGN KEY (certificate_id) REFERENCES certificate (id)
);

-- A key belongs to the first who shows it. state: open = of an open request, ended = of a request
-- that ended without a certificate (may come again from the same owner), issued = for ever.
-- Not a tenant table: the claim holds across enterprises and only the definer function reads it.
CREATE TABLE spki_claim (
    spki_sha256  bytea NOT NULL,
    owner_id     uuid  NOT NULL,
    request_id   uuid,
    state        text  NOT NULL,
    CONSTRAINT spki_claim_pk PRIMARY KEY (spki_sha256),
    CONSTRAINT spki_claim_state_known CHECK (state IN ('open', 'ended', 'issued'))
);
CREATE INDEX spki_claim_request_idx ON spki_claim (request_id);

-- Keys that are never certified: compromised ones of any enterprise, our own, loaded lists.
CREATE TABLE blocked_key (
    spki_sha256  bytea       NOT NULL,
    reason       text        NOT NULL,   -- keyCompromise | own-key | debian-weak | known-private | other
    source       text        NOT NULL,   -- certificate id, file name, user
    created_at   timestamptz NOT NULL,
    CONSTRAINT blocked_key_pk PRIMARY KEY (spki_sha256)
);
CREATE INDEX blocked_key_created_idx ON blocked_key (created_at, spki_sha256);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['certificate', 'certificate_der'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON certificate TO reissued_app, reissued_job;
GRANT SELECT, INSERT ON certificate_der TO reissued_app, reissued_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON spki_claim, blocked_key TO reissued_job;
GRANT SELECT, INSERT, DELETE ON blocked_key TO reissued_app;
GRANT SELECT ON certificate, certificate_der TO reissued_audit;
