-- What the tokens that stand for secrets in texts and facts mean (facts/secrets.h).  Nobody but the owner may look, and no
-- dump takes them along.

CREATE TABLE schemaflow.secret_key (
	key text PRIMARY KEY
);
COMMENT ON TABLE schemaflow.secret_key IS 'what tokens are made with, so that they give nothing away';
INSERT INTO schemaflow.secret_key
	SELECT pg_catalog.string_agg(pg_catalog.gen_random_uuid()::pg_catalog.text, '') FROM pg_catalog.generate_series(1, 3);

CREATE TABLE schemaflow.secret (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	place text NOT NULL,
	token text NOT NULL,
	value text NOT NULL,
	recorded_at timestamptz NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, place, token)
);
COMMENT ON TABLE schemaflow.secret IS 'passwords and connection strings that steps may need: only the owner of the extension reads it';
COMMENT ON COLUMN schemaflow.secret.place IS 'where it stands: object and option';
COMMENT ON COLUMN schemaflow.secret.token IS 'what stands for it in texts and facts';
