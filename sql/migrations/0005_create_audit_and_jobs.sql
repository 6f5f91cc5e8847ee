-- The audit trail, jobs, idempotency.

CREATE TABLE audit_event (
    seq            bigint      GENERATED ALWAYS AS IDENTITY,
    id             uuid        NOT NULL,
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(), -- the sealer takes committed rows only
    at             timestamptz NOT NULL,
    enterprise_id  uuid,                    -- NULL: of the platform, or of nobody known
    actor_kind     text        NOT NULL,
    actor_id       uuid,
    actor_name     text,
    action         text        NOT NULL,
    outcome        text        NOT NULL,    -- done | denied | failed
    code           text,                    -- the problem's slug when not done
    object_type    text        NOT NULL,
    object_id      uuid,
    digest         bytea,
    from_state     text,
    to_state       text,
    before         jsonb,
    after          jsonb,
    detail         text,
    address        text,
    user_agent     text,
    request_id     text,
    canonical      text        NOT NULL,    -- RFC 8785 JSON of all of the above but seq and xid
    row_mac        bytea       NOT NULL,    -- HMAC-SHA-256 of canonical under audit-mac
    mac_kid        text        NOT NULL,
    CONSTRAINT audit_event_pk PRIMARY KEY (seq),
    CONSTRAINT audit_event_id_unique UNIQUE (id),
    CONSTRAINT audit_event_actor_known CHECK (actor_kind IN ('user', 'client', 'system', 'anonymous')),
    CONSTRAINT audit_event_outcome_known CHECK (outcome IN ('done', 'denied', 'failed'))
);
CREATE INDEX audit_event_object_idx ON audit_event (object_id, seq);
CREATE INDEX audit_event_enterprise_idx ON audit_event (enterprise_id, at, id);
CREATE INDEX audit_event_actor_idx ON audit_event (actor_id, at, id);
CREATE INDEX audit_event_at_idx ON audit_event (at, id);

-- The event of rs_audit_row() as columns, for statements that insert it themselves. No RETURNING: it
-- would demand that the actor may read what it writes.
CREATE FUNCTION audit_insert(event jsonb) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    INSERT INTO audit_event (id, at, enterprise_id, actor_kind, actor_id, actor_name, action, outcome, code,
        object_type, object_id, digest, from_state, to_state, before, after, detail, address, user_agent,
        request_id, canonical, row_mac, mac_kid)
    SELECT (event->>'id')::uuid, (event->>'at')::timestamptz, (event->>'enterprise_id')::uuid,
        event->>'actor_kind', (event->>'actor_id')::uuid, event->>'actor_name', event->>'action',
        event->>'outcome', event->>'code', event->>'object_type', (event->>'object_id')::uuid,
        decode(event->>'digest', 'hex'), event->>'from_state', event->>'to_state',
        NULLIF(event->'before', 'null'), NULLIF(event->'after', 'null'),
        event->>'detail', event->>'address', event->>'user_agent', event->>'request_id',
        event->>'canonical', decode(event->>'row_mac', 'hex'), event->>'mac_kid';
    SELECT (event->>'id')::uuid $$;

CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'raise_exception';
END $$;
CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_guard();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_guard();

-- Work to be done: at least once, one at a time, by any replica.
CREATE TABLE job (
    id             uuid        NOT NULL,
    kind           text        NOT NULL,
    dedupe_key     text,                     -- one live job per kind and key
    enterprise_id  uuid,
    payload        jsonb       NOT NULL DEFAULT '{}',
    run_at         timestamptz NOT NULL,
    attempts       integer     NOT NULL DEFAULT 0,
    lease_until    timestamptz,              -- by the database's clock
    state          text        NOT NULL DEFAULT 'queued',
    last_error     text,
    created_at     timestamptz NOT NULL,
    CONSTRAINT job_pk PRIMARY KEY (id),
    CONSTRAINT job_state_known CHECK (state IN ('queued', 'dead'))
);
CREATE UNIQUE INDEX job_dedupe ON job (kind, dedupe_key) WHERE state = 'queued';
CREATE INDEX job_due_idx ON job (run_at) WHERE state = 'queued';

-- Jobs that come round by the clock: one row a kind, leased by whoever runs it.
CREATE TABLE job_schedule (
    kind         text        NOT NULL,
    next_run_at  timestamptz NOT NULL,
    lease_until  timestamptz,
    CONSTRAINT job_schedule_pk PRIMARY KEY (kind)
);

CREATE TABLE idempotency (
    enterprise_id  uuid        NOT NULL,
    actor_id       uuid        NOT NULL,
    method         text        NOT NULL,
    path           text        NOT NULL,
    key            text        NOT NULL,
    fingerprint    bytea       NOT NULL,     -- HMAC of the body
    kid            text        NOT NULL,
    state          text        NOT NULL,     -- claimed | effect | answered
    lease_until    timestamptz NOT NULL,     -- by the database's clock
    object_type    text,
    object_id      uuid,
    status         integer,
    headers        jsonb,
    body           bytea,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    CONSTRAINT idempotency_pk PRIMARY KEY (enterprise_id, actor_id, method, path, key),
    CONSTRAINT idempotency_state_known CHECK (state IN ('claimed', 'effect', 'answered'))
);
CREATE INDEX idempotency_expiry_idx ON idempotency (expires_at);

-- Marks a claim (as rs_p_idem() gives it) as done, in the transaction of its effect. Without a claim
-- true; false when the claim was taken over meanwhile: then the effect must not be committed.
CREATE FUNCTION idem_effect(claim jsonb, made_type text, made_id uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF claim IS NULL THEN
        RETURN true;
    END IF;
    UPDATE idempotency SET state = 'effect', object_type = made_type, object_id = made_id
    WHERE enterprise_id = (claim->>'enterprise_id')::uuid AND actor_id = (claim->>'actor_id')::uuid
      AND method = claim->>'method' AND path = claim->>'path' AND key = claim->>'key'
      AND lease_until = (claim->>'lease')::timestamptz AND state <> 'answered';
    RETURN FOUND;
END $$;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['audit_event', 'idempotency'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
CREATE POLICY audit_event_tenant ON audit_event FOR SELECT USING (app_sees(enterprise_id));
-- Whoever acts leaves a trace, also of what it may not see.
CREATE POLICY audit_event_insert ON audit_event FOR INSERT WITH CHECK (true);
CREATE POLICY audit_event_job ON audit_event FOR SELECT TO reissued_job, reissued_audit USING (true);
CREATE POLICY idempotency_tenant ON idempotency USING (app_sees(enterprise_id));
CREATE POLICY idempotency_job ON idempotency TO reissued_job USING (true);

GRANT SELECT, INSERT ON audit_event TO reissued_app, reissued_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON job, job_schedule, idempotency TO reissued_app, reissued_job;
GRANT SELECT ON audit_event, job TO reissued_audit;
