-- Second-factor challenges: what was asked of whom for what, its codes, its way through the outbox and
-- through a browser, what happened to it, and the means that users have themselves.

-- One try at one mechanism, bound to one object, its content and one user (include/rs/challenge.h).
CREATE TABLE challenge (
    id                 uuid        NOT NULL,
    enterprise_id      uuid        NOT NULL,
    operation          text        NOT NULL,
    user_id            uuid        NOT NULL,   -- who has to pass
    request_id         uuid,                   -- reissue, approve
    certificate_id     uuid,                   -- revoke
    profile_id         uuid,                   -- enrol
    object_id          uuid        NOT NULL GENERATED ALWAYS AS
                                   (coalesce(request_id, certificate_id, profile_id, user_id)) STORED,
    round              integer,
    digest             bytea,                  -- of the request's content
    mechanism          text        NOT NULL,
    style              text        NOT NULL,
    connector_id       uuid,
    connector_revision bigint,
    option             jsonb       NOT NULL,   -- the profile's option as it was then
    policy_revision    bigint      NOT NULL,   -- of that profile; 0 of none
    on_behalf          boolean     NOT NULL DEFAULT false,
    summary            text        NOT NULL,   -- what it approves, for people
    status             text        NOT NULL,
    failure            text,                   -- a problem's slug
    digits             integer,
    attempts           integer     NOT NULL DEFAULT 0,
    attempts_max       integer     NOT NULL,
    attempted_at       timestamptz,
    resends            integer     NOT NULL DEFAULT 0,
    resends_max        integer     NOT NULL,
    resend_after       timestamptz,
    token_id           uuid,
    token_hash         bytea       NOT NULL,   -- of the very token that made it
    actor_kind         text        NOT NULL,
    actor_id           uuid        NOT NULL,
    address            text,
    user_agent         text,
    return_url         text,
    private_sealed     bytea,                  -- redirects: what the mechanism keeps until the way back
    private_kid        text,
    revision           bigint      NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    expires_at         timestamptz NOT NULL,
    verified_until     timestamptz,
    ended_at           timestamptz,
    CONSTRAINT challenge_pk PRIMARY KEY (id),
    CONSTRAINT challenge_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT challenge_user_fk FOREIGN KEY (user_id) REFERENCES user_account (id),
    CONSTRAINT challenge_request_fk FOREIGN KEY (request_id) REFERENCES reissue_request (id),
    CONSTRAINT challenge_operation_known CHECK (operation IN ('reissue', 'approve', 'revoke', 'enrol',
        'account')),
    CONSTRAINT challenge_object_fits CHECK (
        (operation IN ('reissue', 'approve')) = (request_id IS NOT NULL AND round IS NOT NULL
            AND digest IS NOT NULL)
        AND (operation = 'revoke') = (certificate_id IS NOT NULL)
        AND (operation = 'enrol') = (profile_id IS NOT NULL)),
    CONSTRAINT challenge_style_known CHECK (style IN ('code', 'password', 'redirect')),
    CONSTRAINT challenge_status_known CHECK (status IN ('pending', 'exchanging', 'returned', 'verified',
        'consumed', 'rejected', 'locked', 'expired', 'superseded', 'invalidated', 'cancelled',
        'delivery_failed')),
    CONSTRAINT challenge_attempts_bounded CHECK (attempts <= attempts_max),
    CONSTRAINT challenge_resends_bounded CHECK (resends <= resends_max),
    CONSTRAINT challenge_verified_whole CHECK (status <> 'verified' OR verified_until IS NOT NULL),
    CONSTRAINT challenge_verified_later CHECK (operation <> 'reissue' OR status <> 'verified'),
    CONSTRAINT challenge_ended_whole CHECK ((ended_at IS NULL)
        = (status IN ('pending', 'exchanging', 'returned', 'verified'))),
    CONSTRAINT challenge_private_gone CHECK (ended_at IS NULL OR private_sealed IS NULL)
);
-- At most one lives for an operation, an object and a user.
CREATE UNIQUE INDEX challenge_one_live ON challenge (operation, object_id, user_id)
    WHERE status IN ('pending', 'exchanging', 'returned', 'verified');
CREATE INDEX challenge_request_idx ON challenge (request_id, created_at) WHERE request_id IS NOT NULL;
CREATE INDEX challenge_expiry_idx ON challenge (expires_at)
    WHERE status IN ('pending', 'exchanging', 'returned', 'verified');
CREATE INDEX challenge_user_idx ON challenge (user_id, created_at);

-- The code that is good for a channel; a resend with another code replaces it.
CREATE TABLE challenge_code (
    challenge_id   uuid        NOT NULL,
    channel        text        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    salt           bytea       NOT NULL,
    mac            bytea       NOT NULL,   -- HMAC-SHA-256 under the pepper of kid
    kid            text        NOT NULL,
    made_at        timestamptz NOT NULL,
    CONSTRAINT challenge_code_pk PRIMARY KEY (challenge_id, channel),
    CONSTRAINT challenge_code_challenge_fk FOREIGN KEY (challenge_id) REFERENCES challenge (id),
    CONSTRAINT challenge_code_channel_known CHECK (channel IN ('email', 'sms'))
);

-- The outbox: code and destination are sealed, and gone when they are no longer needed.
CREATE TABLE challenge_delivery (
    id                  uuid        NOT NULL,
    enterprise_id       uuid        NOT NULL,
    challenge_id        uuid        NOT NULL,
    channel             text        NOT NULL,
    attempt             integer     NOT NULL,   -- 1: with the challenge, then the resends
    code_sealed         bytea,
    code_kid            text,
    destination_sealed  bytea,
    destination_kid     text        NOT NULL,
    destination_mac     bytea       NOT NULL,   -- which destination it was, without telling it
    masked              text        NOT NULL,
    status              text        NOT NULL DEFAULT 'queued',
    tries               integer     NOT NULL DEFAULT 0,
    provider            text,                   -- the connector that took it
    provider_message_id text,
    code                text,                   -- why it failed: a problem's slug
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    sent_at             timestamptz,
    CONSTRAINT challenge_delivery_pk PRIMARY KEY (id),
    CONSTRAINT challenge_delivery_challenge_fk FOREIGN KEY (challenge_id) REFERENCES challenge (id),
    CONSTRAINT challenge_delivery_once UNIQUE (challenge_id, channel, attempt),
    CONSTRAINT challenge_delivery_channel_known CHECK (channel IN ('email', 'sms')),
    CONSTRAINT challenge_delivery_status_known CHECK (status IN ('queued', 'sent', 'failed'))
);
CREATE INDEX challenge_delivery_sealed_idx ON challenge_delivery (created_at)
    WHERE code_sealed IS NOT NULL OR destination_sealed IS NOT NULL;
CREATE INDEX challenge_delivery_message_idx ON challenge_delivery (provider_message_id)
    WHERE provider_message_id IS NOT NULL;

-- What a browser carries: hashes of 256-bit texts, each good once.
CREATE TABLE challenge_handle (
    hash           bytea       NOT NULL,
    enterprise_id  uuid        NOT NULL,
    challenge_id   uuid        NOT NULL,
    kind           text        NOT NULL,   -- redirect: our link; state: at the IdP; result: back with the client
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz,
    CONSTRAINT challenge_handle_pk PRIMARY KEY (hash),
    CONSTRAINT challenge_handle_challenge_fk FOREIGN KEY (challenge_id) REFERENCES challenge (id),
    CONSTRAINT challenge_handle_kind_known CHECK (kind IN ('redirect', 'state', 'result'))
);
CREATE INDEX challenge_handle_expiry_idx ON challenge_handle (expires_at);

-- Evidence: every transition, attempt, delivery and proof. Append-only.
CREATE TABLE challenge_event (
    seq            bigint      GENERATED ALWAYS AS IDENTITY,
    enterprise_id  uuid        NOT NULL,
    challenge_id   uuid        NOT NULL,
    at             timestamptz NOT NULL,
    kind           text        NOT NULL,
    from_status    text,
    to_status      text,
    outcome        text,                   -- of an attempt: passed, wrong, unavailable, refused
    code           text,                   -- a problem's slug
    detail         jsonb,                  -- never an answer, a code or a destination
    proof_sealed   bytea,                  -- the whole assertion or token
    proof_kid      text,
    address        text,
    user_agent     text,
    CONSTRAINT challenge_event_pk PRIMARY KEY (seq),
    CONSTRAINT challenge_event_challenge_fk FOREIGN KEY (challenge_id) REFERENCES challenge (id),
    CONSTRAINT challenge_event_kind_known CHECK (kind IN ('status', 'attempt', 'delivery', 'proof'))
);
CREATE INDEX challenge_event_challenge_idx ON challenge_event (challenge_id, seq);
CREATE TRIGGER challenge_event_no_change BEFORE UPDATE OR DELETE ON challenge_event
    FOR EACH ROW EXECUTE FUNCTION evidence_guard();

-- Consecutive wrong answers of a user over all challenges and methods. An answer counts as wrong from
-- the moment it comes until it has proven right.
CREATE TABLE challenge_subject (
    user_id        uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    wrong          integer     NOT NULL DEFAULT 0,
    locks          integer     NOT NULL DEFAULT 0,   -- each lasts twice as long as the one before
    locked_until   timestamptz,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT challenge_subject_pk PRIMARY KEY (user_id),
    CONSTRAINT challenge_subject_user_fk FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE
);

-- What is good once: assertion ids and the like, by their SHA-256.
CREATE TABLE challenge_once (
    kind        text        NOT NULL,
    key_hash    bytea       NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT challenge_once_pk PRIMARY KEY (kind, key_hash)
);
CREATE INDEX challenge_once_expiry_idx ON challenge_once (expires_at);

-- The means a user has: an authenticator's secret, a mobile number. Pending until it was confirmed;
-- the active one holds until then.
CREATE TABLE user_means (
    user_id        uuid        NOT NULL,
    kind           text        NOT NULL,
    state          text        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    sealed         bytea       NOT NULL,   -- the secret, or the number
    kid            text        NOT NULL,
    masked         text,                   -- of a number
    code_salt      bytea,                  -- pending mobile: the code that was sent to it
    code_mac       bytea,
    code_kid       text,
    attempts       integer     NOT NULL DEFAULT 0,
    last_counter   bigint      NOT NULL DEFAULT 0,   -- totp: the newest time step that was used
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz,            -- of what is pending
    usable_from    timestamptz,            -- of what is active
    CONSTRAINT user_means_pk PRIMARY KEY (user_id, kind, state),
    CONSTRAINT user_means_user_fk FOREIGN KEY (user_id) REFERENCES user_account (id) ON DELETE CASCADE,
    CONSTRAINT user_means_kind_known CHECK (kind IN ('totp', 'mobile')),
    CONSTRAINT user_means_state_known CHECK (state IN ('pending', 'active')),
    CONSTRAINT user_means_whole CHECK ((state = 'pending') = (expires_at IS NOT NULL)
        AND (state = 'active') = (usable_from IS NOT NULL))
);

-- A changed address is no factor for a while, nor is an identity that replaces another one.
ALTER TABLE user_account ADD COLUMN email_usable_from timestamptz;
ALTER TABLE identity ADD COLUMN usable_from timestamptz;

-- What ends takes its private state with it.
CREATE FUNCTION challenge_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status NOT IN ('pending', 'exchanging', 'returned', 'verified') THEN
        NEW.ended_at := coalesce(NEW.ended_at, NEW.updated_at);
        NEW.private_sealed := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER challenge_before BEFORE UPDATE OF status ON challenge
    FOR EACH ROW EXECUTE FUNCTION challenge_ends();

-- Every transition is on record, and codes in flight are wiped with the end.
CREATE FUNCTION challenge_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, to_status, address, user_agent)
        VALUES (NEW.enterprise_id, NEW.id, NEW.updated_at, 'status', NEW.status, NEW.address, NEW.user_agent);
    ELSE
        INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, from_status, to_status, code)
        VALUES (NEW.enterprise_id, NEW.id, NEW.updated_at, 'status', OLD.status, NEW.status, NEW.failure);
        -- It was no wrong answer after all.
        IF NEW.status = 'verified' OR (NEW.status = 'consumed' AND OLD.status <> 'verified') THEN
            UPDATE challenge_subject SET wrong = 0, locks = 0, locked_until = NULL WHERE user_id = NEW.user_id;
        END IF;
        IF NEW.ended_at IS NOT NULL THEN
            UPDATE challenge_delivery SET code_sealed = NULL, destination_sealed = NULL
            WHERE challenge_id = NEW.id AND (code_sealed IS NOT NULL OR destination_sealed IS NOT NULL);
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER challenge_made AFTER INSERT ON challenge
    FOR EACH ROW EXECUTE FUNCTION challenge_moved();
CREATE TRIGGER challenge_after AFTER UPDATE OF status ON challenge
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION challenge_moved();

-- A challenge is worth something for the round and content it was made for, in the state that asks for
-- it, and for nothing else: whatever moves a request on ends the ones that no longer fit.
CREATE FUNCTION challenge_follows_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE challenge SET status = 'invalidated', updated_at = NEW.updated_at, revision = revision + 1
    WHERE request_id = NEW.id AND status IN ('pending', 'exchanging', 'returned', 'verified')
      AND NOT (round = NEW.round AND digest = NEW.digest AND CASE operation
          WHEN 'reissue' THEN NEW.status = 'authenticating'
          ELSE NEW.status IN ('pending', 'in_review', 'pending_dual_control') END);
    RETURN NULL;
END $$;
CREATE TRIGGER reissue_request_challenges AFTER UPDATE ON reissue_request
    FOR EACH ROW WHEN (OLD.status IN ('authenticating', 'pending', 'in_review', 'pending_dual_control')
        AND (OLD.status, OLD.round, OLD.digest) IS DISTINCT FROM (NEW.status, NEW.round, NEW.digest))
    EXECUTE FUNCTION challenge_follows_request();

-- Whoever is blocked passes nothing any more.
CREATE FUNCTION challenge_follows_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE challenge SET status = 'cancelled', updated_at = NEW.updated_at, revision = revision + 1
    WHERE user_id = NEW.id AND status IN ('pending', 'exchanging', 'returned', 'verified');
    RETURN NULL;
END $$;
CREATE TRIGGER user_account_challenges AFTER UPDATE OF status ON user_account
    FOR EACH ROW WHEN (NEW.status = 'blocked' AND OLD.status <> 'blocked')
    EXECUTE FUNCTION challenge_follows_user();

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['challenge', 'challenge_code', 'challenge_delivery', 'challenge_handle',
            'challenge_event', 'challenge_subject', 'user_means'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON challenge, challenge_code, challenge_delivery, challenge_handle,
    challenge_subject TO reissued_app, reissued_job;
GRANT DELETE ON challenge_handle TO reissued_app, reissued_job;
GRANT SELECT, INSERT ON challenge_event TO reissued_app, reissued_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON challenge_once, user_means TO reissued_app, reissued_job;
GRANT SELECT ON challenge, challenge_event TO reissued_audit;

-- The newest challenge of a request's round: for its representation.
CREATE FUNCTION challenge_of(request uuid, of_round integer)
    RETURNS TABLE (challenge_id uuid, challenge_status text, challenge_expires_at timestamptz)
    LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN QUERY SELECT c.id, c.status, c.expires_at FROM challenge c
        WHERE c.request_id = request AND c.round = of_round AND c.operation = 'reissue'
        ORDER BY (c.status = 'consumed') DESC, c.created_at DESC, c.id DESC LIMIT 1;
END $$;
GRANT EXECUTE ON FUNCTION challenge_of(uuid, integer) TO reissued_app, reissued_job, reissued_audit;

-- With the challenge of the round.
CREATE OR REPLACE VIEW reissue_view WITH (security_invoker = true) AS
SELECT r.id, r.number, r.status, r.round, r.revision, r.category, r.reason, r.message, r.certificate_id,
    r.new_certificate_id, r.lineage_id, r.enterprise_id, r.profile_id, j.profile_revision, r.owner_id,
    r.requested_by, r.submitted_by, r.reviewer_id, r.agreement_accepted_by AS accepted_by,
    r.factor_passed_by, r.factor_digest, r.factor_round, r.subject, r.san, r.validity, r.key, r.checks,
    r.ignored, r.inherited_faults, r.declined, r.failure, r.spki_der, r.spki_sha256, r.digest,
    r.agreement_id, r.agreement_version, r.agreement_language, r.agreement_sha256,
    r.agreement_accepted_at, r.previous_action, r.previous_due_at, r.created_at, r.updated_at,
    r.submitted_at, r.status_changed_at, r.issued_at, r.expires_at, r.common_name, r.search_text,
    r.hidden,
    o.name AS owner_name, o.status AS owner_status, o.language AS owner_language,
    CASE WHEN r.requested_by = r.owner_id THEN o.name ELSE person_name(r.requested_by) END AS requested_name,
    CASE WHEN r.submitted_by = r.owner_id THEN o.name
         WHEN r.submitted_by IS NOT NULL THEN person_name(r.submitted_by) END AS submitted_name,
    CASE WHEN r.agreement_accepted_by = r.owner_id THEN o.name
         WHEN r.agreement_accepted_by IS NOT NULL THEN person_name(r.agreement_accepted_by)
         END AS accepted_name,
    CASE WHEN r.reviewer_id IS NOT NULL THEN person_name(r.reviewer_id) END AS reviewer_name,
    -- Nobody decides about what was never submitted.
    CASE WHEN r.submitted_at IS NULL THEN '[]'::jsonb ELSE approvals_of(r.id) END AS approvals,
    c.status AS certificate_status, c.source AS certificate_source, c.not_after AS certificate_not_after,
    c.generation AS certificate_generation, c.fingerprint_sha256 AS certificate_sha256,
    c.spki_sha256 AS certificate_spki_sha256, c.revocation_due_at AS certificate_due_at,
    c.serial AS certificate_serial,
    EXISTS (SELECT 1 FROM certificate n WHERE n.replaces_id = c.id) AS certificate_replaced,
    p.revision AS newest_revision, i.id AS issuer_id, i.slug AS issuer,
    w.agreement_id AS wanted_agreement_id, w.version AS wanted_version, w.least_version,
    w.language AS wanted_language, w.sha256 AS wanted_sha256,
    CASE WHEN r.spki_sha256 IS NOT NULL
         THEN spki_state(r.spki_sha256, r.owner_id, r.id) END AS spki_state,
    -- An intent is recorded by the statement that makes the request `issuing`, and ends with that state.
    CASE WHEN r.status = 'issuing' THEN intended(r.id) ELSE false END AS intent,
    i.active AS issuer_active,
    CASE WHEN r.new_certificate_id IS NOT NULL THEN certificate_end(r.new_certificate_id) END AS issued_not_after,
    h.challenge_id, h.challenge_status, h.challenge_expires_at
FROM reissue_request r
    JOIN user_account o ON o.id = r.owner_id
    JOIN certificate c ON c.id = r.certificate_id
    JOIN profile p ON p.id = r.profile_id
    CROSS JOIN LATERAL (SELECT CASE WHEN r.status IN ('draft', 'declined') THEN p.revision
        ELSE r.profile_revision END AS profile_revision) j
    JOIN issuer i ON i.id = CASE WHEN j.profile_revision = p.revision THEN p.issuer_id
        ELSE issuer_of(p.id, j.profile_revision) END
    LEFT JOIN LATERAL agreement_wanted(CASE WHEN j.profile_revision = p.revision THEN p.agreement_id
        ELSE agreement_of(p.id, j.profile_revision) END, o.language) w ON true
    -- Only while one is asked for, or when it was passed.
    LEFT JOIN LATERAL challenge_of(CASE WHEN r.status = 'authenticating' OR r.factor_round = r.round
        THEN r.id END, r.round) h ON true;
