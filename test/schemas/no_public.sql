-- What an empty database has and this one has not: public, its comment, its privileges; the language stays.
DROP SCHEMA public;
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY);
COMMENT ON EXTENSION plpgsql IS NULL;
