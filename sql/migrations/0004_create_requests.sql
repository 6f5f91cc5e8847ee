-- Reissue requests, approvals, issuances.

CREATE SEQUENCE reissue_number;

CREATE TABLE reissue_request (
    id                    uuid        NOT NULL,
    number                text        NOT NULL,   -- RR-2026-000123
    enterprise_id         uuid        NOT NULL,
    certificate_id        uuid        NOT NULL,
    lineage_id            uuid        NOT NULL,
    profile_id            uuid        NOT NULL,
    profile_revision      bigint      NOT NULL,   -- a draft follows the newest, submit freezes it
    category              text        NOT NULL,
    owner_id              uuid        NOT NULL,
    requested_by          uuid        NOT NULL,   -- user, or the client when requested_by_client
    requested_by_client   boolean     NOT NULL DEFAULT false,
    reason                text        NOT NULL,
    status                text        NOT NULL,
    round                 integer     NOT NULL DEFAULT 1,
    revision              bigint      NOT NULL DEFAULT 1,
    subject               jsonb       NOT NULL,
    san                   jsonb       NOT NULL,
    validity              jsonb       NOT NULL,   -- {mode, days, not_after} as asked
    common_name           text        NOT NULL DEFAULT '',
    search_text           text        NOT NULL,
    message               text,
    csr_der               bytea,
    spki_der              bytea,
    spki_sha256           bytea,
    key                   jsonb,                  -- {source, algorithm, curve, size}
    checks                jsonb       NOT NULL DEFAULT '[]',
    ignored               jsonb       NOT NULL DEFAULT '[]',
    inherited_faults      jsonb       NOT NULL DEFAULT '[]', -- blockers of values taken from the old certificate
    digest                bytea       NOT NULL,
    agreement_id          uuid,
    agreement_version     integer,
    agreement_language    text,
    agreement_sha256      bytea,
    agreement_accepted_at timestamptz,
    agreement_accepted_by uuid,
    agreement_address     text,
    submitted_at          timestamptz,
    submitted_by          uuid,
    factor_passed_by      uuid,
    factor_digest         bytea,                  -- the digest and round a factor was passed for
    factor_round          integer,
    reviewer_id           uuid,
    declined              jsonb,                  -- {by, remarks, at}
    failure               jsonb,                  -- {code, detail, retryable, blockers}
    previous_action       text        NOT NULL,
    previous_due_at       timestamptz,
    new_certificate_id    uuid,
    hidden                boolean     NOT NULL DEFAULT false,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    status_changed_at     timestamptz NOT NULL,
    issued_at             timestamptz,
    expires_at            timestamptz NOT NULL,
    CONSTRAINT reissue_request_pk PRIMARY KEY (id),
    CONSTRAINT reissue_request_number_unique UNIQUE (number),
    CONSTRAINT reissue_request_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT reissue_request_certificate_fk FOREIGN KEY (certificate_id) REFERENCES certificate (id),
    CONSTRAINT reissue_request_profile_fk FOREIGN KEY (profile_id) REFERENCES profile (id),
    CONSTRAINT reissue_request_owner_fk FOREIGN KEY (owner_id) REFERENCES user_account (id),
    CONSTRAINT reissue_request_new_fk FOREIGN KEY (new_certificate_id) REFERENCES certificate (id),
    CONSTRAINT reissue_request_reason_known CHECK (reason IN ('key_lost', 'information_changed',
        'key_strength_changed', 'key_compromised', 'other')),
    CONSTRAINT reissue_request_status_known CHECK (status IN ('draft', 'authenticating', 'pending',
        'in_review', 'pending_dual_control', 'declined', 'issuing', 'failed', 'issued', 'cancelled', 'expired')),
    CONSTRAINT reissue_request_previous_known CHECK (previous_action IN ('keep', 'revoke_on_issue',
        'revoke_after_days', 'revoke_on_submit')),
    CONSTRAINT reissue_request_issued_whole CHECK ((status = 'issued') = (new_certificate_id IS NOT NULL))
);
-- One open request per certificate (1.2).
CREATE UNIQUE INDEX reissue_request_one_open ON reissue_request (certificate_id)
    WHERE status NOT IN ('issued', 'cancelled', 'expired');
CREATE INDEX reissue_request_created_idx ON reissue_request (enterprise_id, created_at, id);
CREATE INDEX reissue_request_all_created_idx ON reissue_request (created_at, id);
CREATE INDEX reissue_request_status_idx ON reissue_request (enterprise_id, status, created_at, id);
CREATE INDEX reissue_request_owner_idx ON reissue_request (owner_id, created_at, id);
CREATE INDEX reissue_request_certificate_idx ON reissue_request (certificate_id, created_at);
CREATE INDEX reissue_request_spki_idx ON reissue_request (spki_sha256);
CREATE INDEX reissue_request_idle_idx ON reissue_request (expires_at)
    WHERE status IN ('draft', 'authenticating', 'declined', 'failed');

CREATE TABLE approval (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    request_id     uuid        NOT NULL,
    round          integer     NOT NULL,
    stage          integer     NOT NULL,   -- 1 vetting, 2 dual control
    by_id          uuid        NOT NULL,
    decision       text        NOT NULL,
    remarks        text,
    digest         bytea       NOT NULL,
    at             timestamptz NOT NULL,
    CONSTRAINT approval_pk PRIMARY KEY (id),
    CONSTRAINT approval_request_fk FOREIGN KEY (request_id) REFERENCES reissue_request (id),
    CONSTRAINT approval_by_fk FOREIGN KEY (by_id) REFERENCES user_account (id),
    CONSTRAINT approval_decision_known CHECK (decision IN ('approved', 'declined'))
);
-- The same officer decides once a round and stage; two stages need two people.
CREATE UNIQUE INDEX approval_once ON approval (request_id, round, by_id) WHERE decision = 'approved';
CREATE UNIQUE INDEX approval_stage ON approval (request_id, round, stage) WHERE decision = 'approved';

-- The intent to sign, durable before the signer is asked (3.6). request_id NULL: an enrolment,
-- whose content stands in `content`.
CREATE TABLE issuance (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    request_id     uuid,
    round          integer,
    issuer_id      uuid        NOT NULL,
    serial         bytea       NOT NULL,
    tbs            bytea       NOT NULL,
    tbs_sha256     bytea       NOT NULL,
    content        jsonb       NOT NULL,   -- what Tx2 writes into certificate
    state          text        NOT NULL,
    sign_before    timestamptz NOT NULL,
    lease_until    timestamptz NOT NULL,   -- by the database's clock
    lease_holder   text        NOT NULL,
    certificate_id uuid        NOT NULL,   -- the id the certificate will have
    der            bytea,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT issuance_pk PRIMARY KEY (id),
    CONSTRAINT issuance_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT issuance_request_fk FOREIGN KEY (request_id) REFERENCES reissue_request (id),
    CONSTRAINT issuance_issuer_fk FOREIGN KEY (issuer_id) REFERENCES issuer (id),
    CONSTRAINT issuance_serial_unique UNIQUE (issuer_id, serial),
    CONSTRAINT issuance_state_known CHECK (state IN ('intended', 'issued', 'abandoned')),
    CONSTRAINT issuance_der_whole CHECK ((state = 'issued') = (der IS NOT NULL))
);
CREATE UNIQUE INDEX issuance_once ON issuance (request_id, round) WHERE state <> 'abandoned';
CREATE INDEX issuance_intended_idx ON issuance (lease_until) WHERE state = 'intended';

-- What was intended never changes; an ended issuance stays as it is.
CREATE FUNCTION issuance_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'issuances are never deleted' USING ERRCODE = 'raise_exception';
    END IF;
    IF NEW.tbs <> OLD.tbs OR NEW.tbs_sha256 <> OLD.tbs_sha256 OR NEW.serial <> OLD.serial
       OR NEW.issuer_id <> OLD.issuer_id OR NEW.request_id IS DISTINCT FROM OLD.request_id
       OR NEW.round IS DISTINCT FROM OLD.round OR NEW.certificate_id <> OLD.certificate_id
       OR NEW.content <> OLD.content OR NEW.sign_before <> OLD.sign_before THEN
        RAISE EXCEPTION 'an intent is immutable' USING ERRCODE = 'raise_exception';
    END IF;
    IF OLD.state <> 'intended' AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'an ended issuance is immutable' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issuance_immutable BEFORE UPDATE OR DELETE ON issuance
    FOR EACH ROW EXECUTE FUNCTION issuance_guard();

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['reissue_request', 'approval', 'issuance'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON reissue_request, issuance TO reissued_app, reissued_job;
GRANT SELECT, INSERT ON approval TO reissued_app, reissued_job;
GRANT USAGE ON SEQUENCE reissue_number TO reissued_app, reissued_job;
GRANT SELECT ON reissue_request, approval, issuance TO reissued_audit;
