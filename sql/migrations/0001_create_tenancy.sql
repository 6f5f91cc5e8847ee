-- Enterprises, users, tokens, clients, external issuers. The roles reissued_owner, reissued_app,
-- reissued_job and reissued_audit exist before the first migration; this runs as reissued_owner.

-- The one row-level security rule: a row is seen by its enterprise, or by '*' (platform reach).
-- Unset means nothing is seen. Inlined by the planner, so it costs two comparisons.
CREATE FUNCTION app_sees(enterprise uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT current_setting('app.enterprise', true) = '*'
              OR enterprise::text = current_setting('app.enterprise', true) $$;

CREATE TABLE enterprise (
    id          uuid        NOT NULL,
    name        text        NOT NULL,
    status      text        NOT NULL DEFAULT 'active',
    revision    bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT enterprise_pk PRIMARY KEY (id),
    CONSTRAINT enterprise_name_unique UNIQUE (name),
    CONSTRAINT enterprise_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT enterprise_status_known CHECK (status IN ('active', 'suspended'))
);

CREATE TABLE user_account (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    email          text        NOT NULL,   -- lower case, ASCII domain
    name           text        NOT NULL,
    language       text        NOT NULL DEFAULT 'en',
    status         text        NOT NULL DEFAULT 'active',
    role           text        NOT NULL,
    reach          text        NOT NULL DEFAULT 'enterprise',
    password_hash  text,                   -- Argon2id PHC string; NULL: no password login
    revision       bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT user_account_pk PRIMARY KEY (id),
    CONSTRAINT user_account_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT user_account_email_unique UNIQUE (email),
    CONSTRAINT user_account_status_known CHECK (status IN ('active', 'suspended', 'blocked', 'restricted')),
    CONSTRAINT user_account_role_known CHECK (role IN ('subscriber', 'ra_officer', 'admin', 'auditor')),
    CONSTRAINT user_account_reach_known CHECK (reach IN ('enterprise', 'platform'))
);
CREATE INDEX user_account_enterprise_idx ON user_account (enterprise_id, created_at, id);

-- OAuth2 clients (client credentials).
CREATE TABLE client (
    id             uuid        NOT NULL,   -- is the OAuth2 client_id too
    enterprise_id  uuid        NOT NULL,
    name           text        NOT NULL,
    secret_hash    bytea       NOT NULL,   -- SHA-256 of a 256-bit secret
    role           text        NOT NULL,
    scopes         integer     NOT NULL,
    acts_as        uuid[]      NOT NULL DEFAULT '{}',
    active         boolean     NOT NULL DEFAULT true,
    revision       bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT client_pk PRIMARY KEY (id),
    CONSTRAINT client_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT client_role_known CHECK (role IN ('subscriber', 'ra_officer', 'admin', 'auditor'))
);
CREATE INDEX client_enterprise_idx ON client (enterprise_id, created_at, id);

-- Opaque tokens of every kind; only SHA-256 of the token is kept.
CREATE TABLE access_token (
    id               uuid        NOT NULL,
    enterprise_id    uuid        NOT NULL,
    kind             text        NOT NULL,
    hash             bytea       NOT NULL,
    user_id          uuid,
    client_id        uuid,
    name             text        NOT NULL DEFAULT '',
    scopes           integer     NOT NULL,
    created_at       timestamptz NOT NULL,
    used_at          timestamptz NOT NULL,  -- at most a minute behind
    idle_seconds     integer,               -- sessions end when unused this long
    expires_at       timestamptz NOT NULL,
    revoked_at       timestamptz,
    address          text,
    user_agent       text,
    CONSTRAINT access_token_pk PRIMARY KEY (id),
    CONSTRAINT access_token_hash_unique UNIQUE (hash),
    CONSTRAINT access_token_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT access_token_user_fk FOREIGN KEY (user_id) REFERENCES user_account (id),
    CONSTRAINT access_token_client_fk FOREIGN KEY (client_id) REFERENCES client (id),
    CONSTRAINT access_token_kind_known CHECK (kind IN ('session', 'api', 'client')),
    CONSTRAINT access_token_holder CHECK ((user_id IS NULL) <> (client_id IS NULL))
);
CREATE INDEX access_token_user_idx ON access_token (user_id, kind, created_at, id);
CREATE INDEX access_token_client_idx ON access_token (client_id);
CREATE INDEX access_token_expiry_idx ON access_token (expires_at);

-- External identities of users, linked beforehand.
CREATE TABLE identity (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    user_id        uuid        NOT NULL,
    kind           text        NOT NULL,   -- oidc (iss, sub), entra (tid, oid), saml, ad
    issuer         text        NOT NULL,
    subject        text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT identity_pk PRIMARY KEY (id),
    CONSTRAINT identity_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT identity_user_fk FOREIGN KEY (user_id) REFERENCES user_account (id),
    CONSTRAINT identity_kind_known CHECK (kind IN ('oidc', 'entra', 'saml', 'ad')),
    CONSTRAINT identity_unique UNIQUE (enterprise_id, kind, issuer, subject)
);
CREATE INDEX identity_user_idx ON identity (user_id);

-- Issuers of JWTs we take as access tokens, each for one enterprise.
CREATE TABLE jwt_issuer (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    kind           text        NOT NULL DEFAULT 'oidc',
    issuer         text        NOT NULL,
    audience       text        NOT NULL,
    algorithms     jsonb       NOT NULL,
    jwks           jsonb,
    jwks_uri       text,
    scopes         integer     NOT NULL,
    active         boolean     NOT NULL DEFAULT true,
    revision       bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT jwt_issuer_pk PRIMARY KEY (id),
    CONSTRAINT jwt_issuer_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT jwt_issuer_issuer_unique UNIQUE (issuer),
    CONSTRAINT jwt_issuer_kind_known CHECK (kind IN ('oidc', 'entra')),
    CONSTRAINT jwt_issuer_keys CHECK ((jwks IS NULL) <> (jwks_uri IS NULL))
);

-- Exact counters shared by all replicas: one row a bucket, key and window.
CREATE TABLE rate_counter (
    bucket        text        NOT NULL,
    key_hash      bytea       NOT NULL,
    window_start  timestamptz NOT NULL,
    hits          integer     NOT NULL,
    expires_at    timestamptz NOT NULL,
    CONSTRAINT rate_counter_pk PRIMARY KEY (bucket, key_hash, window_start)
);
CREATE INDEX rate_counter_expiry_idx ON rate_counter (expires_at);

-- A check value per keyring key: a replica with another keyring refuses to start.
CREATE TABLE keyring_check (
    kid          text        NOT NULL,
    check_value  bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT keyring_check_pk PRIMARY KEY (kid)
);

ALTER TABLE enterprise ENABLE ROW LEVEL SECURITY;
ALTER TABLE enterprise FORCE ROW LEVEL SECURITY;
CREATE POLICY enterprise_tenant ON enterprise USING (app_sees(id));
CREATE POLICY enterprise_job ON enterprise TO reissued_job, reissued_audit USING (true);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['user_account', 'client', 'access_token', 'identity', 'jwt_issuer'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON %I USING (app_sees(enterprise_id))', t || '_tenant', t);
        EXECUTE format('CREATE POLICY %I ON %I TO reissued_job, reissued_audit USING (true)', t || '_job', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON enterprise, user_account, client, access_token, identity,
    jwt_issuer, rate_counter, keyring_check TO reissued_app, reissued_job;
GRANT SELECT ON enterprise, client, identity, jwt_issuer TO reissued_audit;
GRANT SELECT (id, enterprise_id, email, name, language, status, role, reach, revision, created_at, updated_at)
    ON user_account TO reissued_audit;
