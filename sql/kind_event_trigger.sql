-- Event triggers do not fire in a scratch, and the model has them as its text says.
CREATE EXTENSION schemaflow;
SELECT change, kind, object FROM sf_define($$
	CREATE FUNCTION never() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'fired'; END $f$;
	CREATE EVENT TRIGGER on_start ON ddl_command_start EXECUTE FUNCTION never();
	CREATE EVENT TRIGGER on_end ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION never();
	CREATE EVENT TRIGGER off ON sql_drop EXECUTE FUNCTION never();
	CREATE EVENT TRIGGER gone ON sql_drop EXECUTE FUNCTION never();
	ALTER EVENT TRIGGER on_end ENABLE ALWAYS;
	ALTER EVENT TRIGGER off DISABLE;
	ALTER EVENT TRIGGER on_start ENABLE REPLICA;
	ALTER EVENT TRIGGER on_start ENABLE;
	DROP EVENT TRIGGER gone;
	CREATE TABLE t (id int);
$$);
SELECT line FROM regexp_split_to_table(sf_model_ddl(), E'\n') line WHERE line ~ 'EVENT TRIGGER' AND line !~ 'OWNER' ORDER BY 1;
-- What is printed means the same.
SELECT * FROM sf_define((SELECT sf_model_ddl()));
SELECT count(*) FROM pg_event_trigger;
DROP EXTENSION schemaflow;
