-- Rule sets, issuers, agreements, profiles.

-- What a rule set allows from a day on; the row with the latest effective_from <= the day holds.
CREATE TABLE rule_set (
    name                  text        NOT NULL,
    effective_from        timestamptz NOT NULL,
    max_validity_days     integer,             -- NULL: the profile decides
    dcv_reuse_days        integer,
    persist_reuse_days    integer,
    mailbox_reuse_days    integer,
    suspension            boolean     NOT NULL,
    dnssec_mandatory      boolean     NOT NULL,
    caa                   text        NOT NULL, -- issue | issuemail | none | profile
    names                 text        NOT NULL, -- tls | mailbox | free
    server_keys           boolean     NOT NULL, -- server-generated subscriber keys allowed
    perspectives          integer     NOT NULL, -- remote perspectives demanded
    CONSTRAINT rule_set_pk PRIMARY KEY (name, effective_from),
    CONSTRAINT rule_set_name_known CHECK (name IN ('tls-br', 'smime-br', 'codesign-br', 'private')),
    CONSTRAINT rule_set_caa_known CHECK (caa IN ('issue', 'issuemail', 'none', 'profile')),
    CONSTRAINT rule_set_names_known CHECK (names IN ('tls', 'mailbox', 'free'))
);

INSERT INTO rule_set (name, effective_from, max_validity_days, dcv_reuse_days, persist_reuse_days,
        mailbox_reuse_days, suspension, dnssec_mandatory, caa, names, server_keys, perspectives) VALUES
    ('tls-br',      '2026-03-15T00:00:00Z',  200,  200,   10, NULL, false, true,  'issue',     'tls',     false, 4),
    ('tls-br',      '2026-12-15T00:00:00Z',  200,  200,   10, NULL, false, true,  'issue',     'tls',     false, 5),
    ('tls-br',      '2027-03-15T00:00:00Z',  100,  100,   10, NULL, false, true,  'issue',     'tls',     false, 5),
    ('tls-br',      '2029-03-15T00:00:00Z',   47,   10,   10, NULL, false, true,  'issue',     'tls',     false, 5),
    ('smime-br',    '2026-03-15T00:00:00Z',  825,  398, NULL,   30, false, true,  'issuemail', 'mailbox', true,  4),
    ('smime-br',    '2026-12-15T00:00:00Z',  825,  398, NULL,   30, false, true,  'issuemail', 'mailbox', true,  5),
    ('codesign-br', '2026-03-01T00:00:00Z',  460, NULL, NULL, NULL, false, false, 'none',      'free',    true,  0),
    ('private',     '1970-01-01T00:00:00Z', NULL, NULL, NULL, NULL, true,  false, 'profile',   'free',    true,  0);

-- Issuing CAs, known to all enterprises; the service writes them from its configuration at start.
CREATE TABLE issuer (
    id                uuid        NOT NULL,
    slug              text        NOT NULL,
    name              text        NOT NULL,
    certificate_der   bytea       NOT NULL,
    chain_pem         text        NOT NULL,   -- issuing certificate first, root last
    not_after         timestamptz NOT NULL,
    publicly_trusted  boolean     NOT NULL,
    active            boolean     NOT NULL DEFAULT true,
    revision          bigint      NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT issuer_pk PRIMARY KEY (id),
    CONSTRAINT issuer_slug_unique UNIQUE (slug),
    CONSTRAINT issuer_slug_form CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);

CREATE TABLE agreement (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    name           text        NOT NULL,
    version        integer     NOT NULL,      -- the newest published
    revision       bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT agreement_pk PRIMARY KEY (id),
    CONSTRAINT agreement_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT agreement_name_unique UNIQUE (enterprise_id, name)
);

-- Immutable: one text a version and language.
CREATE TABLE agreement_text (
    agreement_id   uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    version        integer     NOT NULL,
    language       text        NOT NULL,
    format         text        NOT NULL,
    text           text        NOT NULL,
    sha256         bytea       NOT NULL,      -- of the UTF-8 text
    reacceptance   boolean     NOT NULL,
    published_at   timestamptz NOT NULL,
    CONSTRAINT agreement_text_pk PRIMARY KEY (agreement_id, version, language),
    CONSTRAINT agreement_text_agreement_fk FOREIGN KEY (agreement_id) REFERENCES agreement (id),
    CONSTRAINT agreement_text_format_known CHECK (format IN ('text', 'markdown'))
);

-- A profile is its newest revision; revisions are immutable.
CREATE TABLE profile (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    name           text        NOT NULL,
    category       text        NOT NULL,
    issuer_id      uuid        NOT NULL,
    agreement_id   uuid,
    active         boolean     NOT NULL,
    revision       bigint      NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT profile_pk PRIMARY KEY (id),
    CONSTRAINT profile_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT profile_issuer_fk FOREIGN KEY (issuer_id) REFERENCES issuer (id),
    CONSTRAINT profile_agreement_fk FOREIGN KEY (agreement_id) REFERENCES agreement (id),
    CONSTRAINT profile_name_unique UNIQUE (enterprise_id, name)
);
CREATE INDEX profile_list_idx ON profile (enterprise_id, created_at, id);

CREATE TABLE profile_revision (
    profile_id     uuid        NOT NULL,
    revision       bigint      NOT NULL,
    enterprise_id  uuid        NOT NULL,
    body           jsonb       NOT NULL,      -- the whole profile as 2.7 shows it
    created_at     timestamptz NOT NULL,
    created_by     uuid,
    CONSTRAINT profile_revision_pk PRIMARY KEY (profile_id, revision),
    CONSTRAINT profile_revision_profile_fk FOREIGN KEY (profile_id) REFERENCES profile (id)
);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['agreement', 'agreement_text', 'profile', 'profile_revision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT ON rule_set, issuer TO reissued_app, reissued_job, reissued_audit;
GRANT INSERT, UPDATE ON issuer TO reissued_app, reissued_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON agreement, agreement_text, profile, profile_revision
    TO reissued_app, reissued_job;
GRANT SELECT ON agreement, agreement_text, profile, profile_revision TO reissued_audit;
