-- Aggregates: all options, in place and replaced.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE AGGREGATE s.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', SSPACE = 10, COMBINEFUNC = int4pl, PARALLEL = SAFE,
		FINALFUNC = int4abs, FINALFUNC_MODIFY = SHAREABLE, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '1',
		MFINALFUNC = int4abs, MFINALFUNC_MODIFY = READ_WRITE, MSSPACE = 5);
	CREATE AGGREGATE s.n(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
	CREATE AGGREGATE s.greatest(int) (SFUNC = int4larger, STYPE = int, SORTOP = >);
	CREATE AGGREGATE s.avg2(int8) (SFUNC = int8_avg_accum, STYPE = internal, FINALFUNC = numeric_poly_avg, COMBINEFUNC = int8_avg_combine,
		SERIALFUNC = int8_avg_serialize, DESERIALFUNC = int8_avg_deserialize, PARALLEL = RESTRICTED);
	CREATE AGGREGATE s.pct(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
		FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
	CREATE AGGREGATE s.place(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
		FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
	COMMENT ON AGGREGATE s.n(*) IS 'how many';
	COMMENT ON AGGREGATE s.pct(float8 ORDER BY anyelement) IS 'percentile';
	REVOKE ALL ON FUNCTION s.n() FROM PUBLIC;
	CREATE VIEW s.v AS SELECT s.total(1) AS t, s.n(*) AS n FROM generate_series(1, 3);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Alter
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE AGGREGATE s.total(int) (SFUNC = int4mul, STYPE = int, INITCOND = '1');
	CREATE AGGREGATE s.n(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '10', FINALFUNC = int8abs);
	CREATE AGGREGATE s.greatest(int) (SFUNC = int4larger, STYPE = int, FINALFUNC = int4up, PARALLEL = SAFE);
	CREATE AGGREGATE s.avg2(int8) (SFUNC = int8_avg_accum, STYPE = internal, FINALFUNC = numeric_poly_sum);
	CREATE AGGREGATE s.pct(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
		FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA, FINALFUNC_MODIFY = SHAREABLE);
	COMMENT ON AGGREGATE s.pct(float8 ORDER BY anyelement) IS 'percentile, disc';
	CREATE VIEW s.v AS SELECT s.total(1) AS t, s.n(*) AS n FROM generate_series(1, 3);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Replace: another result
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE AGGREGATE s.total(int) (SFUNC = int4_sum, STYPE = int8);
	CREATE VIEW s.v AS SELECT s.total(1) AS t FROM generate_series(1, 3);
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('replace', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP EXTENSION schemaflow;
