-- Pairs as habits.sql has them: schemas as applications have them, some versions on.
-- pair lemmy ranks
-- from
CREATE FUNCTION public.hot_rank(score numeric, published timestamp without time zone) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ begin return floor(10000*log(greatest(1,score+3)) / power(((EXTRACT(EPOCH FROM (timezone('utc',now()) - published))/3600) + 2), 1.8))::integer; end; $$;
CREATE TABLE public.user_ (id serial PRIMARY KEY, name varchar(20) NOT NULL, admin boolean DEFAULT false NOT NULL, published timestamp DEFAULT now() NOT NULL, default_sort_type smallint DEFAULT 0 NOT NULL);
CREATE TABLE public.post (id serial PRIMARY KEY, name varchar(100) NOT NULL, creator_id int NOT NULL REFERENCES public.user_ ON UPDATE CASCADE ON DELETE CASCADE, published timestamp DEFAULT now() NOT NULL, updated timestamp);
CREATE TABLE public.post_like (id serial PRIMARY KEY, post_id int NOT NULL REFERENCES public.post, user_id int NOT NULL REFERENCES public.user_, score smallint NOT NULL, UNIQUE (post_id, user_id));
CREATE VIEW public.post_view AS SELECT p.*, (SELECT coalesce(sum(score), 0) FROM public.post_like pl WHERE pl.post_id = p.id) AS score, public.hot_rank((SELECT coalesce(sum(score), 0)::numeric FROM public.post_like pl WHERE pl.post_id = p.id), p.published) AS hot_rank FROM public.post p;
CREATE MATERIALIZED VIEW public.post_mview AS SELECT * FROM public.post_view;
CREATE UNIQUE INDEX idx_post_mview_id ON public.post_mview (id);
CREATE FUNCTION public.refresh_post_view() RETURNS trigger LANGUAGE plpgsql AS $$ begin refresh materialized view concurrently post_mview; return null; end $$;
CREATE TRIGGER refresh_post AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.post FOR EACH STATEMENT EXECUTE FUNCTION public.refresh_post_view();
-- to
CREATE SCHEMA r;
CREATE TYPE public.sort_type_enum AS ENUM ('Active', 'Hot', 'New');
CREATE FUNCTION r.hot_rank(score numeric, published timestamp with time zone) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN ((now() - published) > '00:00:00'::interval AND (now() - published) < '7 days'::interval) THEN log(greatest(2::numeric, score + 2)) / power(((EXTRACT(epoch FROM (now() - published)) / 3600) + 2), 1.8) ELSE 0.0 END;
CREATE TABLE public.person (id serial, name varchar(255) NOT NULL, published timestamptz DEFAULT now() NOT NULL, CONSTRAINT user__pkey PRIMARY KEY (id));
ALTER SEQUENCE public.person_id_seq RENAME TO user__id_seq;
CREATE TABLE public.local_user (id serial PRIMARY KEY, person_id int NOT NULL UNIQUE REFERENCES public.person ON UPDATE CASCADE ON DELETE CASCADE, admin boolean DEFAULT false NOT NULL, default_sort_type public.sort_type_enum DEFAULT 'Active'::public.sort_type_enum NOT NULL);
CREATE TABLE public.post (id serial PRIMARY KEY, name varchar(200) NOT NULL, creator_id int NOT NULL REFERENCES public.person ON UPDATE CASCADE ON DELETE CASCADE, published timestamptz DEFAULT now() NOT NULL, updated timestamptz);
CREATE TABLE public.post_like (post_id int NOT NULL REFERENCES public.post, person_id int NOT NULL REFERENCES public.person, score smallint NOT NULL, PRIMARY KEY (person_id, post_id));
CREATE TABLE public.post_aggregates (post_id int PRIMARY KEY REFERENCES public.post ON DELETE CASCADE, score bigint DEFAULT 0 NOT NULL, published timestamptz DEFAULT now() NOT NULL, hot_rank double precision DEFAULT 0.1728 NOT NULL);
CREATE INDEX idx_post_aggregates_hot ON public.post_aggregates (hot_rank DESC, published DESC);
CREATE FUNCTION r.post_aggregates_from_post() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO post_aggregates (post_id) SELECT id FROM new_post; RETURN NULL; END $$;
CREATE TRIGGER aggregates AFTER INSERT ON public.post REFERENCING NEW TABLE AS new_post FOR EACH STATEMENT EXECUTE FUNCTION r.post_aggregates_from_post();
-- pair sourcegraph tenants
-- from
CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION intarray;
CREATE TABLE repo (id serial PRIMARY KEY, name citext NOT NULL, description text, fork boolean DEFAULT false NOT NULL, uri citext, deleted_at timestamptz, external_service_id text, metadata jsonb DEFAULT '{}'::jsonb NOT NULL, stars int DEFAULT 0 NOT NULL, CONSTRAINT check_name_nonempty CHECK (name <> ''::citext), CONSTRAINT repo_metadata_check CHECK (jsonb_typeof(metadata) = 'object'));
ALTER TABLE repo ADD CONSTRAINT repo_name_unique UNIQUE (name) DEFERRABLE;
CREATE INDEX repo_name_trgm ON repo USING gin (lower((name)::text) gin_trgm_ops);
CREATE INDEX repo_uri_idx ON repo (uri);
CREATE TABLE users (id serial PRIMARY KEY, username citext NOT NULL, display_name text, deleted_at timestamptz, invalidated_sessions_at timestamptz DEFAULT now() NOT NULL, CONSTRAINT users_username_max_length CHECK (char_length(username::text) <= 255), CONSTRAINT users_username_valid_chars CHECK (username ~ '^\w(?:\w|[-.](?=\w))*-?$'::citext));
CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL;
CREATE TABLE names (name citext PRIMARY KEY, user_id int REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE);
CREATE VIEW site_config AS SELECT 1 AS site_id, false AS initialized;
CREATE FUNCTION soft_deleted_repository_name(name text) RETURNS text LANGUAGE plpgsql STRICT AS $$ BEGIN IF name LIKE 'DELETED-%' THEN RETURN name; ELSE RETURN 'DELETED-' || name; END IF; END; $$;
CREATE FUNCTION delete_repo_ref() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
CREATE TRIGGER trig_delete_repo AFTER UPDATE OF deleted_at ON repo FOR EACH ROW EXECUTE FUNCTION delete_repo_ref();
CREATE VIEW reconciler AS SELECT r.id, r.name, u.username FROM repo r JOIN users u ON u.id = r.stars WHERE r.deleted_at IS NULL;
COMMENT ON COLUMN repo.stars IS 'stars'; COMMENT ON VIEW reconciler IS 'rec';
-- to
CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION intarray; CREATE EXTENSION hstore;
CREATE TYPE cm_email_priority AS ENUM ('NORMAL', 'CRITICAL');
CREATE TYPE persistmode AS ENUM ('record', 'snapshot');
CREATE TABLE tenants (id bigint PRIMARY KEY, name text NOT NULL UNIQUE, created_at timestamptz DEFAULT now() NOT NULL, CONSTRAINT tenant_name_valid CHECK (length(name) <= 32 AND name ~ '^[a-z](?:[a-z0-9\_-])*[a-z0-9]$'));
CREATE TABLE repo (id serial PRIMARY KEY, name citext NOT NULL, description text, fork boolean, uri citext, deleted_at timestamptz, metadata jsonb DEFAULT '{}'::jsonb NOT NULL, stars int DEFAULT 0, topics text[] GENERATED ALWAYS AS (ARRAY[metadata ->> 'a', metadata ->> 'b']) STORED, blocked jsonb, tenant_id integer DEFAULT (current_setting('app.current_tenant'::text))::integer, CONSTRAINT check_name_nonempty CHECK (name <> ''::citext), CONSTRAINT repo_metadata_check CHECK (jsonb_typeof(metadata) = 'object'));
ALTER TABLE repo ADD CONSTRAINT repo_name_unique UNIQUE (name, tenant_id);
CREATE INDEX repo_name_idx ON repo (lower((name)::text) COLLATE "C");
CREATE INDEX repo_topics ON repo USING gin (topics);
CREATE INDEX idx_repo_github ON repo ((metadata ->> 'x')) WHERE blocked IS NOT NULL;
CREATE TABLE users (id serial PRIMARY KEY, username citext NOT NULL, display_name text, deleted_at timestamptz, invalidated_sessions_at timestamptz DEFAULT now() NOT NULL, searchable boolean DEFAULT true NOT NULL, CONSTRAINT users_username_max_length CHECK (char_length(username::text) <= 255), CONSTRAINT users_username_valid_chars CHECK (username ~ '^\w(?:\w|[-.](?=\w))*-?$'::citext));
CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL;
CREATE TABLE names (name citext NOT NULL, user_id int REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE, team_id int, tenant_id integer, CONSTRAINT names_pkey PRIMARY KEY (name), CONSTRAINT names_check CHECK (user_id IS NOT NULL OR team_id IS NOT NULL));
CREATE FUNCTION soft_deleted_repository_name(name text) RETURNS text LANGUAGE plpgsql STRICT AS $$ BEGIN RETURN 'DELETED-' || extract(epoch from transaction_timestamp())::text || '-' || name; END; $$;
CREATE FUNCTION delete_repo_ref() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
CREATE TRIGGER trig_delete_repo AFTER UPDATE OF deleted_at, blocked ON repo FOR EACH ROW WHEN ((OLD.deleted_at IS NULL)) EXECUTE FUNCTION delete_repo_ref();
CREATE VIEW reconciler AS SELECT r.id, r.name, u.username, r.blocked IS NOT NULL AS blocked FROM repo r JOIN users u ON u.id = r.stars WHERE r.deleted_at IS NULL AND r.blocked IS NULL;
ALTER TABLE repo ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation_policy ON repo USING ((SELECT current_setting('app.current_tenant'::text) = 'workertenant') OR (tenant_id = (SELECT nullif(current_setting('app.current_tenant'::text), '')::int)));
COMMENT ON COLUMN repo.stars IS 'stars!'; COMMENT ON INDEX repo_topics IS 't'; COMMENT ON POLICY tenant_isolation_policy ON repo IS 'iso';
-- pair gitlab bigint swap
-- from
CREATE TABLE events (id integer NOT NULL, project_id integer, id_convert_to_bigint bigint DEFAULT 0 NOT NULL, note_id integer);
CREATE SEQUENCE events_id_seq AS integer;
ALTER SEQUENCE events_id_seq OWNED BY events.id;
ALTER TABLE ONLY events ALTER COLUMN id SET DEFAULT nextval('events_id_seq'::regclass);
ALTER TABLE ONLY events ADD CONSTRAINT events_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX index_events_on_id_convert_to_bigint ON events (id_convert_to_bigint);
CREATE TABLE push_event_payloads (event_id integer NOT NULL, event_id_convert_to_bigint bigint DEFAULT 0 NOT NULL);
ALTER TABLE ONLY push_event_payloads ADD CONSTRAINT push_event_payloads_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY push_event_payloads ADD CONSTRAINT fk_36c74129da FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE;
CREATE FUNCTION trigger_69523443cc10() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."id_convert_to_bigint" := NEW."id"; RETURN NEW; END; $$;
CREATE TRIGGER trigger_69523443cc10 BEFORE INSERT OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION trigger_69523443cc10();
-- to
CREATE TABLE events (id_convert_to_bigint integer DEFAULT 0 NOT NULL, project_id bigint, id bigint NOT NULL, note_id bigint);
CREATE SEQUENCE events_id_seq;
ALTER SEQUENCE events_id_seq OWNED BY events.id;
ALTER TABLE ONLY events ALTER COLUMN id SET DEFAULT nextval('events_id_seq'::regclass);
ALTER TABLE ONLY events ADD CONSTRAINT events_pkey PRIMARY KEY (id);
CREATE TABLE push_event_payloads (event_id bigint NOT NULL, action smallint DEFAULT 0 NOT NULL);
ALTER TABLE ONLY push_event_payloads ADD CONSTRAINT push_event_payloads_pkey PRIMARY KEY (event_id) INCLUDE (action);
ALTER TABLE ONLY push_event_payloads ADD CONSTRAINT fk_36c74129da FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE NOT VALID;
-- pair gitlab partitions
-- from
CREATE SCHEMA gitlab_partitions_dynamic; CREATE SCHEMA gitlab_partitions_static;
CREATE TABLE audit_events (id bigint NOT NULL, author_id integer NOT NULL, created_at timestamp without time zone NOT NULL, details text, CONSTRAINT check_d CHECK (char_length(details) <= 255)) PARTITION BY RANGE (created_at);
CREATE SEQUENCE audit_events_id_seq START WITH 1;
ALTER SEQUENCE audit_events_id_seq OWNED BY audit_events.id;
ALTER TABLE ONLY audit_events ALTER COLUMN id SET DEFAULT nextval('audit_events_id_seq'::regclass);
CREATE TABLE gitlab_partitions_dynamic.audit_events_000000 PARTITION OF audit_events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE gitlab_partitions_dynamic.audit_events_202001 PARTITION OF audit_events FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
ALTER TABLE audit_events ADD CONSTRAINT audit_events_pkey PRIMARY KEY (id, created_at);
CREATE INDEX audit_author ON audit_events USING btree (author_id, created_at);
CREATE TABLE issue_search (project_id bigint NOT NULL, issue_id bigint NOT NULL, search_vector tsvector) PARTITION BY HASH (project_id);
CREATE TABLE gitlab_partitions_static.issue_search_00 PARTITION OF issue_search FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE gitlab_partitions_static.issue_search_01 PARTITION OF issue_search FOR VALUES WITH (modulus 2, remainder 1);
ALTER TABLE issue_search ADD CONSTRAINT issue_search_pkey PRIMARY KEY (project_id, issue_id);
CREATE INDEX index_issue_search ON ONLY issue_search USING gin (search_vector);
CREATE INDEX issue_search_00_idx ON gitlab_partitions_static.issue_search_00 USING gin (search_vector);
ALTER INDEX index_issue_search ATTACH PARTITION gitlab_partitions_static.issue_search_00_idx;
-- to
CREATE SCHEMA gitlab_partitions_dynamic; CREATE SCHEMA gitlab_partitions_static;
CREATE TABLE audit_events (id bigint NOT NULL, author_id bigint NOT NULL, created_at timestamp without time zone NOT NULL, details text, entity_path text, CONSTRAINT check_d CHECK (char_length(details) <= 5500), CONSTRAINT check_e CHECK (char_length(entity_path) <= 5500)) PARTITION BY RANGE (created_at);
CREATE SEQUENCE audit_events_id_seq START WITH 1;
ALTER SEQUENCE audit_events_id_seq OWNED BY audit_events.id;
ALTER TABLE ONLY audit_events ALTER COLUMN id SET DEFAULT nextval('audit_events_id_seq'::regclass);
CREATE TABLE gitlab_partitions_dynamic.audit_events_202001 PARTITION OF audit_events FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE gitlab_partitions_dynamic.audit_events_202002 PARTITION OF audit_events FOR VALUES FROM ('2020-02-01') TO ('2020-03-01');
ALTER TABLE audit_events ADD CONSTRAINT audit_events_pkey PRIMARY KEY (id, created_at);
CREATE INDEX audit_author ON audit_events USING btree (author_id, created_at DESC) INCLUDE (id);
CREATE TABLE issue_search (project_id bigint NOT NULL, issue_id bigint NOT NULL, search_vector tsvector, namespace_id bigint) PARTITION BY HASH (project_id);
CREATE TABLE gitlab_partitions_static.issue_search_00 PARTITION OF issue_search FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE gitlab_partitions_static.issue_search_01 PARTITION OF issue_search FOR VALUES WITH (modulus 2, remainder 1);
ALTER TABLE issue_search ADD CONSTRAINT issue_search_pkey PRIMARY KEY (project_id, issue_id);
CREATE INDEX index_issue_search ON issue_search USING gin (search_vector) WITH (fastupdate = off);
CREATE TABLE issues (id bigint PRIMARY KEY);
ALTER TABLE issue_search ADD CONSTRAINT issue_search_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES issues(id) ON DELETE CASCADE;
-- pair mastodon timestamp ids
-- from
CREATE TABLE statuses (id bigserial PRIMARY KEY, uri varchar, account_id int NOT NULL, text text DEFAULT '' NOT NULL, created_at timestamp NOT NULL, visibility int DEFAULT 0 NOT NULL, reblog_of_id bigint REFERENCES statuses ON DELETE CASCADE);
CREATE TABLE accounts (id serial PRIMARY KEY, username varchar DEFAULT '' NOT NULL, domain varchar, statuses_count int DEFAULT 0 NOT NULL);
CREATE UNIQUE INDEX index_accounts_on_username_and_domain ON accounts (username, domain);
ALTER TABLE statuses ADD CONSTRAINT fk_9bda1543f7 FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
-- to
CREATE FUNCTION timestamp_id(table_name text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE time_part bigint; BEGIN time_part := (date_part('epoch', now()) * 1000)::bigint << 16; RETURN time_part | (nextval(table_name || '_id_seq') & 65535); END $$;
CREATE SEQUENCE statuses_id_seq; CREATE SEQUENCE accounts_id_seq;
CREATE TABLE statuses (id bigint DEFAULT timestamp_id('statuses'::text) PRIMARY KEY, uri varchar, account_id bigint NOT NULL, text text DEFAULT '' NOT NULL, created_at timestamp NOT NULL, visibility int DEFAULT 0 NOT NULL, reblog_of_id bigint REFERENCES statuses ON DELETE CASCADE, deleted_at timestamp, ordered bigint[]);
CREATE TABLE accounts (id bigint DEFAULT timestamp_id('accounts'::text) PRIMARY KEY, username varchar DEFAULT '' NOT NULL, domain varchar, fields jsonb);
CREATE TABLE account_stats (id bigserial PRIMARY KEY, account_id bigint NOT NULL, statuses_count bigint DEFAULT 0 NOT NULL);
CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON accounts (lower((username)::text), coalesce(lower((domain)::text), ''::text));
CREATE INDEX index_statuses_20190820 ON statuses (account_id, id DESC, visibility, created_at) WHERE deleted_at IS NULL;
CREATE INDEX search_index ON accounts USING gin ((((setweight(to_tsvector('simple'::regconfig, (username)::text), 'A'::"char") || setweight(to_tsvector('simple'::regconfig, (coalesce(domain, ''::varchar))::text), 'C'::"char")))));
ALTER TABLE statuses ADD CONSTRAINT fk_9bda1543f7 FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
CREATE MATERIALIZED VIEW instances AS SELECT domain, count(*) AS accounts_count FROM accounts WHERE domain IS NOT NULL GROUP BY domain;
CREATE UNIQUE INDEX index_instances_on_domain ON instances (domain);
CREATE VIEW user_ips AS SELECT id AS user_id, max(created_at) AS used_at FROM statuses GROUP BY id;
-- pair typeorm enums
-- from
CREATE TYPE "note_visibility_enum" AS ENUM ('public', 'home', 'followers', 'specified');
CREATE TYPE "user_profile_ff_enum" AS ENUM ('public', 'private');
CREATE TABLE "note" ("id" character varying(32) NOT NULL, "visibility" "note_visibility_enum" NOT NULL, "tags" character varying(128)[] NOT NULL DEFAULT '{}'::varchar[], "reactions" jsonb NOT NULL DEFAULT '{}', "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "hist" "note_visibility_enum"[] NOT NULL DEFAULT '{public,home}', CONSTRAINT "PK_96d0c172a4fba276b1bbed43058" PRIMARY KEY ("id"));
CREATE TABLE "user_profile" ("userId" character varying(32) NOT NULL, "ff" "user_profile_ff_enum" NOT NULL DEFAULT 'public', "mutedWords" jsonb NOT NULL DEFAULT '[]', CONSTRAINT "PK_51cb79b5555effaf7d69ba1cff9" PRIMARY KEY ("userId"));
CREATE INDEX "IDX_e7c0567f5261063592f022e9b5" ON "note" ("createdAt");
COMMENT ON COLUMN "note"."createdAt" IS 'The created date of the Note.';
-- to
CREATE TYPE "note_visibility_enum" AS ENUM ('public', 'home', 'followers', 'specified', 'hidden');
CREATE TYPE "user_profile_followingvisibility_enum" AS ENUM ('public', 'followers', 'private');
CREATE TABLE "note" ("id" character varying(32) NOT NULL, "visibility" "note_visibility_enum" NOT NULL DEFAULT 'home', "tags" character varying(128)[] NOT NULL DEFAULT '{}', "reactions" jsonb NOT NULL DEFAULT '{}', "hist" "note_visibility_enum"[] NOT NULL DEFAULT '{specified}', "fileIds" character varying(32)[] DEFAULT '{}'::varchar[], CONSTRAINT "PK_96d0c172a4fba276b1bbed43058" PRIMARY KEY ("id"));
CREATE TABLE "user_profile" ("userId" character varying(32) NOT NULL, "followingVisibility" "user_profile_followingvisibility_enum" NOT NULL DEFAULT 'public', "mutedWords" jsonb NOT NULL DEFAULT '[]', "hard" text[] NOT NULL DEFAULT '{}', CONSTRAINT "PK_51cb79b5555effaf7d69ba1cff9" PRIMARY KEY ("userId"));
CREATE INDEX "IDX_NOTE_TAGS" ON "note" USING gin ("tags" array_ops);
CREATE INDEX "IDX_NOTE_FILE_IDS" ON "note" USING gin ("fileIds");
COMMENT ON COLUMN "note"."visibility" IS 'Visibility.';
-- pair zulip search
-- from
CREATE TEXT SEARCH DICTIONARY zd (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION zulip_english (COPY = english);
CREATE TABLE zerver_message (id serial PRIMARY KEY, subject varchar(60), rendered_content text, search_tsvector tsvector);
CREATE FUNCTION escape_html(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $_$ SELECT replace($1, '&', '&amp;') $_$;
CREATE FUNCTION do_notify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY fts; RETURN NEW; END $$;
CREATE TRIGGER fts_update_notify_trigger AFTER INSERT OR UPDATE OF rendered_content, subject ON zerver_message FOR EACH ROW EXECUTE FUNCTION do_notify();
CREATE INDEX zerver_message_search ON zerver_message USING gin (search_tsvector) WITH (fastupdate = off);
CREATE INDEX upper_subject_idx ON zerver_message ((upper((subject)::text)));
-- to
CREATE TEXT SEARCH DICTIONARY zd (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION zulip_english (COPY = english);
ALTER TEXT SEARCH CONFIGURATION zulip_english ALTER MAPPING FOR asciiword, asciihword, hword_asciipart WITH zd, english_stem;
ALTER TEXT SEARCH CONFIGURATION zulip_english DROP MAPPING FOR email, url;
CREATE TABLE zerver_message (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, subject varchar(100) COLLATE "C", rendered_content text, realm_id int NOT NULL DEFAULT 1, search_tsvector tsvector GENERATED ALWAYS AS (to_tsvector('zulip_english', coalesce(rendered_content, ''))) STORED);
CREATE FUNCTION escape_html(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $_$ SELECT replace(replace($1, '&', '&amp;'), '<', '&lt;') $_$;
CREATE FUNCTION do_notify() RETURNS trigger LANGUAGE plpgsql SET search_path TO 'public', 'pg_temp' AS $$ BEGIN NOTIFY fts; RETURN NEW; END $$;
CREATE TRIGGER fts_update_notify_trigger AFTER INSERT OR UPDATE OF rendered_content, subject ON zerver_message FOR EACH ROW EXECUTE FUNCTION do_notify();
CREATE INDEX zerver_message_search ON zerver_message USING gin (search_tsvector);
CREATE INDEX zerver_message_realm_upper_subject ON zerver_message (realm_id, (upper((subject)::text)), id DESC NULLS LAST);
-- pair backup schema
-- from
CREATE SCHEMA backup;
CREATE TABLE posts (id serial PRIMARY KEY, raw text);
CREATE TABLE backup.old_posts (id int);
CREATE FUNCTION posts_readonly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER posts_raw_readonly BEFORE INSERT OR UPDATE OF raw ON posts FOR EACH ROW WHEN (NEW.raw IS NOT NULL) EXECUTE FUNCTION posts_readonly();
CREATE VIEW badge AS SELECT id, count(*) OVER () AS n FROM posts;
-- to
CREATE SCHEMA backup; CREATE SCHEMA discourse_functions;
CREATE TABLE posts (id bigint PRIMARY KEY, cooked text NOT NULL DEFAULT '');
CREATE SEQUENCE posts_id_seq AS bigint OWNED BY posts.id;
ALTER TABLE posts ALTER id SET DEFAULT nextval('posts_id_seq');
CREATE FUNCTION discourse_functions.posts_readonly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER posts_cooked_readonly BEFORE INSERT OR UPDATE OF cooked ON posts FOR EACH ROW WHEN (NEW.cooked IS NOT NULL) EXECUTE FUNCTION discourse_functions.posts_readonly();
CREATE VIEW badge AS SELECT id, count(*) OVER (PARTITION BY cooked) AS n FROM posts;
-- pair an index of two columns, one of which goes while the other is computed from another enum
-- from
CREATE TYPE phase AS ENUM ('new', 'open', 'shut');
CREATE FUNCTION phase_of(text) RETURNS phase LANGUAGE sql IMMUTABLE RETURN $1::phase;
CREATE TABLE runs (key varchar(40) PRIMARY KEY, value jsonb NOT NULL, tenant text GENERATED ALWAYS AS (value ->> 'tenant') STORED, phase phase GENERATED ALWAYS AS (phase_of(value ->> 'phase')) STORED, kind int);
CREATE INDEX runs_phase ON runs (tenant, phase);
CREATE UNIQUE INDEX runs_kind ON runs (kind, tenant, key);
-- to
CREATE TYPE phase AS ENUM ('new', 'shut', 'lost');
CREATE FUNCTION phase_of(text) RETURNS phase LANGUAGE sql IMMUTABLE RETURN $1::phase;
CREATE TABLE runs (key varchar(40) PRIMARY KEY, value jsonb NOT NULL, phase phase GENERATED ALWAYS AS (phase_of(value ->> 'phase')) STORED);
CREATE INDEX runs_phase ON runs (phase);
CREATE UNIQUE INDEX runs_kind ON runs (key);
