-- Mail: the outbox, the breakers of what sends, and who was asked to confirm a domain.
-- compatible_from: 14

-- One message, whole: the same bytes however often it is sent. The text may hold a code or a token,
-- so it is sealed, and wiped once it is sent or given up, or at keep_until.
CREATE TABLE mail (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    purpose        text        NOT NULL,
    object_id      uuid        NOT NULL,   -- what it is about
    connector_id   uuid,                   -- tried first; NULL: all by their priority
    recipient      text        NOT NULL,
    message_id     text        NOT NULL,
    message_sealed bytea,
    message_kid    text,
    state          text        NOT NULL DEFAULT 'queued',
    code           text,                   -- why it failed
    detail         text,
    tries          jsonb       NOT NULL DEFAULT '[]', -- evidence, the last 20
    resends        integer     NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    sent_at        timestamptz,
    give_up_at     timestamptz NOT NULL,
    keep_until     timestamptz,
    CONSTRAINT mail_pk PRIMARY KEY (id),
    CONSTRAINT mail_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT mail_state_known CHECK (state IN ('queued', 'sent', 'failed')),
    CONSTRAINT mail_failed_wiped CHECK (state <> 'failed' OR message_sealed IS NULL)
);
CREATE INDEX mail_object_idx ON mail (object_id, created_at);
CREATE INDEX mail_sealed_idx ON mail (give_up_at) WHERE message_sealed IS NOT NULL;

-- What a connector's last failures mean for the next try; no row: it works.
CREATE TABLE connector_breaker (
    connector_id  uuid        NOT NULL,
    failures      integer     NOT NULL,
    open_until    timestamptz,             -- by the database's clock, as leases are
    CONSTRAINT connector_breaker_pk PRIMARY KEY (connector_id),
    CONSTRAINT connector_breaker_fk FOREIGN KEY (connector_id) REFERENCES connector (id) ON DELETE CASCADE
);

-- Who was asked to confirm a validation, each by a token of its own that is kept as its SHA-256 only.
CREATE TABLE domain_validation_mail (
    mail_id        uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    validation_id  uuid        NOT NULL,
    source         jsonb       NOT NULL,   -- where the address comes from: evidence
    token_sha256   bytea       NOT NULL,
    CONSTRAINT domain_validation_mail_pk PRIMARY KEY (mail_id),
    CONSTRAINT domain_validation_mail_fk FOREIGN KEY (mail_id) REFERENCES mail (id),
    CONSTRAINT domain_validation_mail_validation_fk FOREIGN KEY (validation_id)
        REFERENCES domain_validation (id),
    CONSTRAINT domain_validation_mail_token_unique UNIQUE (token_sha256)
);
CREATE INDEX domain_validation_mail_validation_idx ON domain_validation_mail (validation_id);
CREATE TRIGGER domain_validation_mail_no_change BEFORE UPDATE OR DELETE ON domain_validation_mail
    FOR EACH ROW EXECUTE FUNCTION evidence_guard();

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['mail', 'domain_validation_mail'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON mail TO reissued_app, reissued_job;
GRANT SELECT, INSERT ON domain_validation_mail TO reissued_app, reissued_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON connector_breaker TO reissued_job;
GRANT SELECT (id, enterprise_id, purpose, object_id, connector_id, recipient, message_id, state, code, detail,
    tries, resends, created_at, updated_at, sent_at, give_up_at, keep_until) ON mail TO reissued_audit;
GRANT SELECT ON domain_validation_mail TO reissued_audit;
