-- Pairs as habits.sql has them: schemas of frameworks, some versions on.
-- pair rails structure
-- from
CREATE TABLE public.ar_internal_metadata (key character varying NOT NULL, value character varying, created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL);
CREATE TABLE public.schema_migrations (version character varying NOT NULL);
CREATE TABLE public.posts (id bigint NOT NULL, title character varying, user_id integer, state integer DEFAULT 0, tags character varying[] DEFAULT '{}'::character varying[]);
CREATE SEQUENCE public.posts_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.posts_id_seq OWNED BY public.posts.id;
CREATE TABLE public.users (id integer NOT NULL, name character varying, settings text);
CREATE SEQUENCE public.users_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
ALTER TABLE ONLY public.posts ALTER COLUMN id SET DEFAULT nextval('public.posts_id_seq'::regclass);
ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);
ALTER TABLE ONLY public.ar_internal_metadata ADD CONSTRAINT ar_internal_metadata_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.posts ADD CONSTRAINT posts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX index_posts_on_user_id ON public.posts USING btree (user_id);
ALTER TABLE ONLY public.posts ADD CONSTRAINT fk_rails_5b5ddfd518 FOREIGN KEY (user_id) REFERENCES public.users(id);
-- to
CREATE TYPE public.post_state AS ENUM ('draft', 'live');
CREATE TABLE public.ar_internal_metadata (key character varying NOT NULL, value character varying, created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL);
CREATE TABLE public.schema_migrations (version character varying NOT NULL);
CREATE TABLE public.articles (id bigint NOT NULL, title character varying NOT NULL, author_id bigint, state public.post_state DEFAULT 'draft'::public.post_state NOT NULL, tags jsonb DEFAULT '[]'::jsonb);
CREATE SEQUENCE public.posts_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.posts_id_seq OWNED BY public.articles.id;
CREATE TABLE public.users (id bigint NOT NULL, name character varying, settings jsonb DEFAULT '{}'::jsonb NOT NULL);
CREATE SEQUENCE public.users_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
ALTER TABLE ONLY public.articles ALTER COLUMN id SET DEFAULT nextval('public.posts_id_seq'::regclass);
ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);
ALTER TABLE ONLY public.ar_internal_metadata ADD CONSTRAINT ar_internal_metadata_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.articles ADD CONSTRAINT posts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX index_articles_on_author_id ON public.articles USING btree (author_id);
ALTER TABLE ONLY public.articles ADD CONSTRAINT fk_rails_5b5ddfd518 FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE CASCADE;
-- pair supabase full
-- from
CREATE SCHEMA auth; CREATE SCHEMA extensions;
CREATE EXTENSION pgcrypto SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE TABLE auth.users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email extensions.citext UNIQUE, raw jsonb);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO public.profiles (id) VALUES (NEW.id); RETURN NEW; END $$;
CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE, username text UNIQUE, updated_at timestamptz);
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own profile" ON public.profiles USING (auth.uid() = id);
CREATE PUBLICATION supabase_realtime;
-- to
CREATE SCHEMA auth; CREATE SCHEMA extensions; CREATE SCHEMA storage;
CREATE EXTENSION pgcrypto SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION moddatetime SCHEMA extensions;
CREATE TYPE auth.aal_level AS ENUM ('aal1', 'aal2');
CREATE TABLE auth.users (id uuid PRIMARY KEY DEFAULT extensions.gen_random_uuid(), email varchar(255), phone text UNIQUE DEFAULT NULL, raw jsonb, level auth.aal_level, confirmed_at timestamptz GENERATED ALWAYS AS (NULL::timestamptz) STORED);
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE phone IS NULL;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $$ BEGIN INSERT INTO public.profiles (id, username) VALUES (NEW.id, NEW.raw ->> 'name'); RETURN NEW; END $$;
CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE, username text UNIQUE, updated_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT username_length CHECK (char_length(username) >= 3));
CREATE TABLE public.posts (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, author uuid NOT NULL DEFAULT auth.uid() REFERENCES public.profiles, body text);
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
CREATE TRIGGER touch BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION extensions.moddatetime(updated_at);
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY; ALTER TABLE public.posts ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own profile" ON public.profiles FOR UPDATE USING ((SELECT auth.uid()) = id) WITH CHECK ((SELECT auth.uid()) = id);
CREATE POLICY "own posts" ON public.posts USING (EXISTS (SELECT FROM public.profiles p WHERE p.id = author AND p.id = auth.uid()));
CREATE PUBLICATION supabase_realtime FOR TABLE public.posts, public.profiles;
ALTER TABLE public.posts REPLICA IDENTITY FULL;
-- pair prisma ids
-- from
CREATE TABLE "User" ("id" SERIAL NOT NULL, "email" TEXT NOT NULL, "name" TEXT, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "_PostToTag" ("A" INTEGER NOT NULL, "B" INTEGER NOT NULL);
CREATE TABLE "Tag" ("id" SERIAL NOT NULL, CONSTRAINT "Tag_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Post" ("id" SERIAL NOT NULL, "authorId" INTEGER NOT NULL, "meta" JSON, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE UNIQUE INDEX "_PostToTag_AB_unique" ON "_PostToTag"("A", "B");
CREATE INDEX "_PostToTag_B_index" ON "_PostToTag"("B");
ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "_PostToTag" ADD CONSTRAINT "_PostToTag_A_fkey" FOREIGN KEY ("A") REFERENCES "Post"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- to
CREATE TABLE "User" ("id" TEXT NOT NULL, "email" TEXT NOT NULL, "name" VARCHAR(255) NOT NULL DEFAULT 'x', CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "_PostToTag" ("A" UUID NOT NULL, "B" INTEGER NOT NULL, CONSTRAINT "_PostToTag_AB_pkey" PRIMARY KEY ("A", "B"));
CREATE TABLE "Tag" ("id" SERIAL NOT NULL, CONSTRAINT "Tag_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Post" ("id" UUID NOT NULL DEFAULT gen_random_uuid(), "authorId" TEXT NOT NULL, "meta" JSONB NOT NULL DEFAULT '{}', CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "User_email_name_key" ON "User"("email", "name");
CREATE INDEX "_PostToTag_B_index" ON "_PostToTag"("B");
ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "_PostToTag" ADD CONSTRAINT "_PostToTag_A_fkey" FOREIGN KEY ("A") REFERENCES "Post"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "_PostToTag" ADD CONSTRAINT "_PostToTag_B_fkey" FOREIGN KEY ("B") REFERENCES "Tag"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- pair hasura events
-- from
CREATE SCHEMA hdb_catalog;
CREATE FUNCTION public.set_current_timestamp_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE _new record; BEGIN _new := NEW; _new."updated_at" = NOW(); RETURN _new; END; $$;
CREATE TABLE hdb_catalog.event_log (id text DEFAULT gen_random_uuid() PRIMARY KEY, schema_name text NOT NULL, delivered boolean NOT NULL DEFAULT false, created_at timestamp DEFAULT now());
CREATE TABLE item (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), price money, updated_at timestamptz DEFAULT now());
CREATE TRIGGER set_item_updated_at BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION set_current_timestamp_updated_at();
COMMENT ON TRIGGER set_item_updated_at ON item IS 'trigger to set value of column "updated_at"';
CREATE FUNCTION hdb_catalog.log(t text, r item) RETURNS text LANGUAGE sql AS $$ INSERT INTO hdb_catalog.event_log (schema_name) VALUES (t) RETURNING id $$;
-- to
CREATE SCHEMA hdb_catalog;
CREATE FUNCTION public.set_current_timestamp_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE _new record; BEGIN _new := NEW; _new."updated_at" = clock_timestamp(); RETURN _new; END; $$;
CREATE TABLE hdb_catalog.event_log (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, schema_name text NOT NULL, delivered boolean NOT NULL DEFAULT false, archived boolean NOT NULL DEFAULT false, created_at timestamptz DEFAULT now(), locked timestamptz);
CREATE INDEX event_log_fetch ON hdb_catalog.event_log (locked NULLS FIRST, created_at) WHERE delivered = 'f' AND archived = 'f';
CREATE TABLE item (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), price numeric, updated_at timestamptz NOT NULL DEFAULT now(), search text GENERATED ALWAYS AS (price::text || 'x') STORED);
CREATE TRIGGER set_item_updated_at BEFORE UPDATE OF price ON item FOR EACH ROW WHEN (OLD.price <> NEW.price) EXECUTE FUNCTION set_current_timestamp_updated_at();
COMMENT ON TRIGGER set_item_updated_at ON item IS 'trigger to set value of column "updated_at"';
CREATE FUNCTION hdb_catalog.log(t text, r item) RETURNS uuid LANGUAGE sql AS $$ INSERT INTO hdb_catalog.event_log (schema_name) VALUES (t) RETURNING id $$;
-- pair flyway warehouse
-- from
CREATE SCHEMA IF NOT EXISTS wh;
CREATE TABLE wh.dim (dim_id integer NOT NULL, code char(3) NOT NULL, descr text, valid_from timestamp NOT NULL DEFAULT '-infinity', CONSTRAINT pk_dim PRIMARY KEY (dim_id), CONSTRAINT uq_dim_code UNIQUE (code, valid_from));
CREATE TABLE wh.fact (f_id bigint, dim_id integer NOT NULL, amount numeric(18,4), CONSTRAINT fk_dim FOREIGN KEY (dim_id) REFERENCES wh.dim (dim_id));
CREATE MATERIALIZED VIEW wh.mv_sum AS SELECT d.code, sum(f.amount) AS total FROM wh.fact f JOIN wh.dim d USING (dim_id) GROUP BY d.code WITH DATA;
CREATE UNIQUE INDEX mv_sum_code ON wh.mv_sum (code);
CREATE OR REPLACE PROCEDURE wh.refresh() LANGUAGE plpgsql AS $$ BEGIN REFRESH MATERIALIZED VIEW CONCURRENTLY wh.mv_sum; END $$;
-- to
CREATE SCHEMA IF NOT EXISTS wh;
CREATE TABLE wh.dim (dim_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, code varchar(5) NOT NULL, descr text, valid_from timestamptz NOT NULL DEFAULT '-infinity', CONSTRAINT pk_dimension PRIMARY KEY (dim_id), CONSTRAINT uq_dim_code UNIQUE (code, valid_from) INCLUDE (descr));
CREATE TABLE wh.fact (f_id bigint, dim_id bigint NOT NULL, amount numeric(20,6), at date NOT NULL, CONSTRAINT fk_dim FOREIGN KEY (dim_id) REFERENCES wh.dim (dim_id) ON UPDATE RESTRICT) PARTITION BY RANGE (at);
CREATE TABLE wh.fact_2020 PARTITION OF wh.fact FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE MATERIALIZED VIEW wh.mv_sum AS SELECT d.code, sum(f.amount) AS total, count(*) AS n FROM wh.fact f JOIN wh.dim d USING (dim_id) GROUP BY d.code WITH DATA;
CREATE UNIQUE INDEX mv_sum_code ON wh.mv_sum (code);
CREATE OR REPLACE PROCEDURE wh.refresh(IN conc boolean DEFAULT true) LANGUAGE plpgsql AS $$ BEGIN REFRESH MATERIALIZED VIEW CONCURRENTLY wh.mv_sum; END $$;
