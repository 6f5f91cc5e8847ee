-- Domain ownership: the registry, control validations with their attempts, CAA checks.

-- Names an enterprise registered. When it has any, names outside them are refused.
CREATE TABLE domain (
    id                 uuid        NOT NULL,
    enterprise_id      uuid        NOT NULL,
    name               text        NOT NULL,   -- lower-case A-labels, no trailing dot
    include_subdomains boolean     NOT NULL,
    created_by         uuid        NOT NULL,
    revision           bigint      NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT domain_pk PRIMARY KEY (id),
    CONSTRAINT domain_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT domain_name_unique UNIQUE (enterprise_id, name)
);
CREATE INDEX domain_created_idx ON domain (enterprise_id, created_at, id);

-- One proof of control by one method. The token is known in clear to whoever must publish it, so it
-- is kept sealed while pending; afterwards its SHA-256 alone is left.
CREATE TABLE domain_validation (
    id               uuid        NOT NULL,
    enterprise_id    uuid        NOT NULL,
    identifier_type  text        NOT NULL,
    identifier       text        NOT NULL,   -- authorization domain without "*.", mailbox or address
    method           text        NOT NULL,
    status           text        NOT NULL,
    recipient        text,                   -- of the mail methods
    token_sha256     bytea,                  -- NULL: the method has none (dns_persist)
    token_sealed     bytea,                  -- while pending
    token_kid        text,
    file_name        text,                   -- http_file: another random value than the token
    rules            text        NOT NULL,   -- the document and section it follows
    requested_by     uuid        NOT NULL,
    attempt_count    integer     NOT NULL DEFAULT 0,
    wrong_tokens     integer     NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,            -- NULL: at once, or never again
    code             text,                   -- of the last failure, or why it ended
    detail           text,
    revision         bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,   -- of the pending challenge
    validated_at     timestamptz,
    valid_until      timestamptz,            -- by the method's own limit and names.reuse_days
    wide             boolean     NOT NULL DEFAULT true, -- dns_persist: the record said policy=wildcard
    ceiling          timestamptz,            -- dns_persist: the end of its TTL or persistUntil
    CONSTRAINT domain_validation_pk PRIMARY KEY (id),
    CONSTRAINT domain_validation_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT domain_validation_type_known CHECK (identifier_type IN ('dns', 'email', 'ip')),
    CONSTRAINT domain_validation_method_known CHECK (method IN ('dns_txt', 'dns_persist', 'http_file',
        'email_constructed', 'email_caa', 'email_txt', 'mailbox')),
    CONSTRAINT domain_validation_status_known CHECK (status IN ('pending', 'valid', 'invalid', 'expired',
        'cancelled')),
    CONSTRAINT domain_validation_valid_whole CHECK ((status = 'valid') <= (validated_at IS NOT NULL)),
    CONSTRAINT domain_validation_token_gone CHECK (status = 'pending' OR token_sealed IS NULL)
);
CREATE INDEX domain_validation_identifier_idx ON domain_validation (enterprise_id, identifier);
CREATE INDEX domain_validation_created_idx ON domain_validation (enterprise_id, created_at, id);
CREATE INDEX domain_validation_pending_idx ON domain_validation (expires_at) WHERE status = 'pending';
CREATE INDEX domain_validation_valid_idx ON domain_validation (valid_until) WHERE status = 'valid';

-- Every try, with what was seen: DNS messages, HTTP hops, mails. Append-only.
CREATE TABLE domain_validation_attempt (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    validation_id  uuid        NOT NULL,
    number         integer     NOT NULL,
    started_at     timestamptz NOT NULL,
    finished_at    timestamptz NOT NULL,
    perspective    text        NOT NULL DEFAULT 'primary',
    result         text        NOT NULL,
    code           text,
    detail         text,
    evidence       jsonb       NOT NULL,
    CONSTRAINT domain_validation_attempt_pk PRIMARY KEY (id),
    CONSTRAINT domain_validation_attempt_fk FOREIGN KEY (validation_id) REFERENCES domain_validation (id),
    CONSTRAINT domain_validation_attempt_once UNIQUE (validation_id, number, perspective),
    CONSTRAINT domain_validation_attempt_result_known CHECK (result IN ('passed', 'failed', 'error'))
);

-- One evaluation for one name. request_id NULL: informational or of an enrolment, and never counted
-- for a request. `basis` is what the verdict depends on besides the DNS: account URI, validation
-- method, our issuer domains, version of the policy; another basis needs another check. Append-only.
CREATE TABLE caa_check (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    request_id     uuid,
    kind           text        NOT NULL,
    name           text        NOT NULL,
    wildcard       boolean     NOT NULL,
    basis          jsonb       NOT NULL,
    result         text        NOT NULL,
    code           text        NOT NULL,
    detail         text,
    found_at       text,
    records        jsonb       NOT NULL,
    dnssec         text        NOT NULL,
    queries        jsonb       NOT NULL,   -- with the raw messages
    perspective    text        NOT NULL DEFAULT 'primary',
    checked_by     uuid,
    checked_at     timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    CONSTRAINT caa_check_pk PRIMARY KEY (id),
    CONSTRAINT caa_check_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT caa_check_request_fk FOREIGN KEY (request_id) REFERENCES reissue_request (id),
    CONSTRAINT caa_check_kind_known CHECK (kind IN ('dns', 'mail')),
    CONSTRAINT caa_check_result_known CHECK (result IN ('permitted', 'forbidden', 'error')),
    CONSTRAINT caa_check_dnssec_known CHECK (dnssec IN ('secure', 'insecure', 'bogus', 'unknown'))
);
CREATE INDEX caa_check_request_idx ON caa_check (request_id, checked_at) WHERE request_id IS NOT NULL;
CREATE INDEX caa_check_name_idx ON caa_check (enterprise_id, name, checked_at);
CREATE INDEX caa_check_checked_idx ON caa_check (enterprise_id, checked_at, id);

CREATE FUNCTION evidence_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only' USING ERRCODE = 'raise_exception';
END $$;
CREATE TRIGGER caa_check_no_change BEFORE UPDATE OR DELETE ON caa_check
    FOR EACH ROW EXECUTE FUNCTION evidence_guard();
CREATE TRIGGER domain_validation_attempt_no_change BEFORE UPDATE OR DELETE ON domain_validation_attempt
    FOR EACH ROW EXECUTE FUNCTION evidence_guard();

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['domain', 'domain_validation', 'domain_validation_attempt', 'caa_check'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON domain TO reissued_app, reissued_job;
GRANT SELECT, INSERT, UPDATE ON domain_validation TO reissued_app, reissued_job;
GRANT SELECT, INSERT ON domain_validation_attempt, caa_check TO reissued_app, reissued_job;
GRANT SELECT ON domain, domain_validation, domain_validation_attempt, caa_check TO reissued_audit;
