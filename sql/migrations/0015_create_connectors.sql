-- Connectors: mail relays, SMS gateways, directories, identity providers of an enterprise.
-- compatible_from: 14
CREATE TABLE connector (
    id             uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    kind           text        NOT NULL,
    name           text        NOT NULL,
    display_name   text,
    active         boolean     NOT NULL DEFAULT true,
    settings       jsonb       NOT NULL,   -- of the kind, without secrets
    secrets        jsonb       NOT NULL,   -- member -> {kid, sealed, updated_at}: AES-256-GCM, hex
    revision       bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT connector_pk PRIMARY KEY (id),
    CONSTRAINT connector_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES enterprise (id),
    CONSTRAINT connector_name_unique UNIQUE (enterprise_id, name),
    CONSTRAINT connector_kind_known CHECK (kind IN ('smtp', 'sms', 'saml', 'active_directory', 'azure_ad',
        'oidc')),
    CONSTRAINT connector_settings_object CHECK (jsonb_typeof(settings) = 'object'),
    CONSTRAINT connector_secrets_object CHECK (jsonb_typeof(secrets) = 'object')
);
CREATE INDEX connector_list_idx ON connector (enterprise_id, created_at, id);
CREATE INDEX connector_kind_idx ON connector (enterprise_id, kind) WHERE active;

ALTER TABLE connector ENABLE ROW LEVEL SECURITY;
ALTER TABLE connector FORCE ROW LEVEL SECURITY;
CREATE POLICY connector_tenant ON connector USING (app_sees(enterprise_id));
CREATE POLICY connector_job ON connector TO reissued_job, reissued_audit USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON connector TO reissued_app, reissued_job;
GRANT SELECT (id, enterprise_id, kind, name, display_name, active, settings, revision, created_at, updated_at)
    ON connector TO reissued_audit;
