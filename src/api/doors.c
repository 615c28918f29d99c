/*
 * doors.c - SQL entry points that read a model from where an application made it: another database, a recording schema,
 * the live database; and that print the model.
 *
 * Protocol: what was read is rendered as DDL and recorded as a unit's text, by the same way as DDL that a user gives;
 * so every model has a text, an owner and declarations, and means what running the text means.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "facts/elaborate.h"
#include "facts/facts.h"
#include "facts/live.h"
#include "facts/other.h"
#include "facts/secrets.h"
#include "facts/stored.h"
#include "kinds/kind.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "model/unit.h"
#include "plan/render.h"

/* Where public stands aside to while the recorded schema takes its name, in the scratch. */
#define ASIDE	"schemaflow stands aside"

PG_FUNCTION_INFO_V1(sf_define_from);
PG_FUNCTION_INFO_V1(sf_record);
PG_FUNCTION_INFO_V1(sf_adopt);
PG_FUNCTION_INFO_V1(sf_model_ddl);

static List *text_list(FunctionCallInfo fcinfo, int n);
static bool flag(FunctionCallInfo fcinfo, int n);
static void leave_unneeded(SfFactBase *base);
static void leave_given(SfFactBase *base, const SfFactBase *empty);
static char *whole(SfFactBase *base);
static void check_record(const char *schema);
static SfFactBase *read_schema(const char *schema);
static SfFactBase *moved(const char *schema, const char *target, SfFactBase *base);
static bool stands_in(const SfFact *fact, const char *schema);
static void check_strings(const SfFactBase *base, const char *schema);
static bool mentions(const char *text, const char *word);

/* sf_define_from(database, unit, schemas, allow_shrink) */
Datum
sf_define_from(PG_FUNCTION_ARGS)
{
	char	   *database = sf_name_arg(fcinfo, 0, "database"),
			   *unit = sf_text_arg(fcinfo, 1, "unit"),
			   *ddl;
	List	   *schemas = text_list(fcinfo, 2);
	SfFactBase *base = sf_other_facts(database, schemas);

	if (schemas != NIL)
	{
		SfFactBase *empty = sf_elaborate(NIL, NIL, NULL);

		sf_mark_baseline(base, empty);
		leave_unneeded(base);
		leave_given(base, empty);
		ddl = sf_render_all(base);
	}
	else
		ddl = whole(base);
	if (ddl[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("database \"%s\" has nothing to record", database),
				 errdetail("No object of a kind that schemaflow knows stands in it."),
				 errhint("Have the application make its schema there first, and commit.")));
	sf_record_unit(fcinfo, unit, "database", ddl, flag(fcinfo, 3));
	sf_secrets_keep(base->secrets);
	return (Datum) 0;
}

/* sf_record(schema, unit, target_schema, allow_shrink) */
Datum
sf_record(PG_FUNCTION_ARGS)
{
	char	   *schema = sf_name_arg(fcinfo, 0, "schema"),	/* not a kind */
			   *unit = sf_text_arg(fcinfo, 1, "unit"),
			   *target = sf_name_arg(fcinfo, 2, "target_schema");
	SfFactBase *base;

	check_record(schema);
	base = read_schema(schema);
	if (strcmp(schema, target) != 0)
	{
		base = moved(schema, target, base);
		check_strings(base, schema);
	}
	else
	{
		/* public is there before any text. */
		sf_mark_baseline(base, sf_elaborate(NIL, NIL, NULL));
		leave_unneeded(base);
	}
	sf_record_unit(fcinfo, unit, "schema", sf_render_all(base), flag(fcinfo, 3));	/* not a kind */
	return (Datum) 0;
}

/* sf_adopt(allow_shrink) */
Datum
sf_adopt(PG_FUNCTION_ARGS)
{
	SfFactBase *base;
	ListCell   *lc;
	char	   *ddl;

	sf_units_lock();
	foreach(lc, sf_units_load())
	{
		const SfUnit *unit = lfirst(lc);

		if (strcmp(unit->name, SF_MAIN_UNIT) != 0 || strcmp(unit->source, "adopt") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("a model is recorded already"),
					 errdetail("Unit \"%s\" would declare objects that the adopted schema has, too.", unit->name),
					 errhint("To start over from the live schema: SELECT * FROM sf_undefine(%s, allow_shrink => true).",
							 sf_literal(unit->name))));
	}
	base = sf_live_facts();
	ddl = whole(base);
	if (ddl[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the database has nothing to adopt"),
				 errdetail("No object of a kind that schemaflow knows stands in it."),
				 errhint("Record what is wanted: SELECT * FROM sf_define('CREATE TABLE ...').")));
	sf_record_unit(fcinfo, SF_MAIN_UNIT, "adopt", ddl, flag(fcinfo, 0));
	sf_secrets_keep(base->secrets);
	return (Datum) 0;
}

/* sf_model_ddl(object) */
Datum
sf_model_ddl(PG_FUNCTION_ARGS)
{
	SfFactBase *base = sf_model_facts();
	char	   *ddl;

	if (base == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no model is recorded"),
				 errhint("Record one: SELECT * FROM sf_define('CREATE TABLE ...').")));
	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text(sf_render_all(base)));
	ddl = sf_render_object(base, sf_text_arg(fcinfo, 0, "object"));
	if (ddl[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the model has no object \"%s\"", sf_text_arg(fcinfo, 0, "object")),
				 errhint("Write its name as in SQL, with its schema: SELECT sf_model_ddl('public.users').")));
	PG_RETURN_TEXT_P(cstring_to_text(ddl));
}

static List *
text_list(FunctionCallInfo fcinfo, int n)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	List	   *list = NIL;

	if (PG_ARGISNULL(n))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			list = lappend(list, TextDatumGetCString(elements[i]));
	return list;
}

static bool
flag(FunctionCallInfo fcinfo, int n)
{
	return !PG_ARGISNULL(n) && PG_GETARG_BOOL(n);
}

/* Of what stands in no schema (extensions...) only what the objects of the named schemas need. */
static void
leave_unneeded(SfFactBase *base)
{
	ListCell   *lc,
			   *le;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc),
				   *root = fact;
		bool		needed = false;

		while (root->parent != NULL)
			root = root->parent;
		if (sf_fact_schema(fact) != NULL)
			continue;
		foreach(le, root->needed_by)
			needed = needed || sf_fact_schema(((SfEdge *) lfirst(le))->from) != NULL;
		if (!needed)
			fact->baseline = true;
	}
}

/* ---- what extensions say ---- */

static List *
with_needs(List *facts, SfFact *fact)
{
	ListCell   *lc;

	if (list_member_ptr(facts, fact))
		return facts;
	facts = lappend(facts, fact);
	foreach(lc, fact->needs)
		facts = with_needs(facts, ((SfEdge *) lfirst(lc))->to);
	return facts;
}

/* The extensions, of those that not every database has, that may have said some of base themselves; and their needs. */
static List *
givers(const SfFactBase *base, const SfFactBase *empty)
{
	List	   *facts = NIL;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc),
				   *extension = fact->kind->given ? sf_extension_of(base, fact) : NULL;

		if (extension && sf_base_find(empty, extension->key) == NULL)
			facts = with_needs(facts, extension);
	}
	return facts;
}

/* The base as a text of its own, which the caller's role runs. */
static SfUnit *
unit_of(char *name, SfFactBase *base)
{
	SfUnit	   *unit = palloc0(sizeof(SfUnit));

	unit->name = name;
	unit->owner = GetUserNameFromId(GetUserId(), false);
	unit->declarations = sf_parse_unit(name, sf_render_all(base));
	return unit;
}

/* Facts of a database that has these besides what every database has. */
static SfFactBase *
elaborate_alone(SfFactBase *base, const SfFactBase *empty, List *facts)
{
	SfUnit	   *unit;
	bool	   *before = palloc(list_length(base->facts) * sizeof(bool));
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		before[foreach_current_index(lc)] = fact->baseline;
		fact->baseline = !list_member_ptr(facts, fact) || sf_base_find(empty, fact->key) != NULL;
	}
	unit = unit_of("extensions", base);
	foreach(lc, base->facts)
		((SfFact *) lfirst(lc))->baseline = before[foreach_current_index(lc)];
	return sf_elaborate(list_make1(unit), NIL, NULL);
}

/* Comments that an extension's own script has made come with the extension, and are not said again. */
static void
leave_given(SfFactBase *base, const SfFactBase *empty)
{
	List	   *facts = givers(base, empty);
	SfFactBase *alone = facts == NIL ? NULL : elaborate_alone(base, empty, facts);
	ListCell   *lc;

	foreach(lc, alone ? base->facts : NIL)
	{
		SfFact	   *fact = lfirst(lc),
				   *same = list_member_ptr(facts, sf_extension_of(base, fact)) ? sf_base_find(alone, fact->key) : NULL;

		if (same && fact->kind->given && sf_same_fact(fact, same))
			fact->baseline = true;
	}
}

/* All that a database has beside what every database has. */
static char *
whole(SfFactBase *base)
{
	SfFactBase *empty = sf_elaborate(NIL, NIL, NULL);

	leave_given(base, empty);
	return sf_render_from(empty, base);
}

/* ---- a recording schema ---- */

/* Refuse what would give half a model. */
static void
check_record(const char *schema)
{
	SfRows	   *rows;
	int			pins;

	if (!OidIsValid(get_namespace_oid(schema, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema \"%s\" does not exist", schema),
				 errhint("CREATE SCHEMA %s, then have the application make its tables there with "
						 "options='-c search_path=%s'.", sf_ident(schema), sf_ident(schema))));
	pins = sf_pins_enter();
	rows = sf_query("SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c "
					"JOIN pg_class t ON t.oid = c.confrelid "
					"WHERE c.connamespace = $1::regnamespace AND t.relnamespace <> c.connamespace "
					"ORDER BY 2, 1 LIMIT 1", 1, (const char *[]) {sf_ident(schema)});
	sf_pins_leave(pins);
	if (rows->nrows > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_SCHEMA_DEFINITION),
				 errmsg("the model has gone past schema \"%s\"", schema),
				 errdetail("Constraint \"%s\" of table %s refers to table %s, which stands elsewhere.",
						   sf_cell(rows, 0, 0), sf_cell(rows, 0, 1), sf_cell(rows, 0, 2)),
				 errhint("A model that names schemas is recorded from a database of its own: "
						 "SELECT * FROM sf_define_from('database').")));
}

/* The facts that stand in the schema; all others are hidden as if every database had them. */
static SfFactBase *
read_schema(const char *schema)
{
	SfFactBase *base = sf_live_facts();
	bool		empty = true;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		fact->baseline = !stands_in(fact, schema);
		if (!fact->baseline && fact->parent != NULL && fact->kind->keyword != NULL)
			empty = false;
	}
	if (empty)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema \"%s\" is empty", schema),
				 errdetail("The application made its objects elsewhere, or has not committed."),
				 errhint("Connect it with options='-c search_path=%s'; a model that names schemas is recorded from a "
						 "database of its own: SELECT * FROM sf_define_from('database').", sf_ident(schema))));
	return base;
}

/*
 * The same under the target's name.  The schema is made in a scratch and renamed there, so the server maps every text
 * that it has parsed.  What the recording schema is itself (its owner, its privileges) is not the model's.
 */
static SfFactBase *
moved(const char *schema, const char *target, SfFactBase *base)
{
	SfUnit	   *unit = unit_of(psprintf("schema %s", schema), base);
	SfFactBase *under_target;
	List	   *renames = NIL;
	bool		has_target = strcmp(target, "public") == 0;
	ListCell   *lc;

	if (has_target)				/* every database has it */
		renames = list_make1(psprintf("ALTER SCHEMA public RENAME TO %s", sf_ident(ASIDE)));
	renames = lappend(renames, psprintf("ALTER SCHEMA %s RENAME TO %s", sf_ident(schema), sf_ident(target)));
	(void) sf_elaborate(list_make1(unit), renames, &under_target);

	foreach(lc, under_target->facts)
	{
		SfFact	   *fact = lfirst(lc);
		bool		of_schema = fact->parent == NULL || fact->parent->parent == NULL;

		fact->baseline = !stands_in(fact, target) ||
			(of_schema && fact->kind->keyword == NULL) ||
			(of_schema && fact->parent == NULL && has_target);
	}
	return under_target;
}

static bool
stands_in(const SfFact *fact, const char *schema)
{
	const char *own = sf_fact_schema(fact);

	return own != NULL && strcmp(own, schema) == 0;
}

/* What the server keeps as a string it has not mapped. */
static void
check_strings(const SfFactBase *base, const char *schema)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		const SfFact *fact = lfirst(lc);

		for (int i = 0; i < fact->kind->nattrs && !fact->baseline; i++)
			if (fact->attr[i] != NULL && mentions(fact->attr[i], schema))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_SCHEMA_DEFINITION),
						 errmsg("%s names the recording schema \"%s\" in a string", sf_fact_label(fact), schema),
						 errdetail("Its %s is: %s", fact->kind->attrs[i].name, fact->attr[i]),
						 errhint("Leave the schema out of the string, or record from a database of its own: "
								 "SELECT * FROM sf_define_from('database').")));
		CHECK_FOR_INTERRUPTS();
	}
}

/* As a word: not as a part of a longer name. */
static bool
mentions(const char *text, const char *word)
{
	size_t		len = strlen(word);

	for (const char *p = strstr(text, word); p != NULL; p = strstr(p + 1, word))
	{
		char		before = p == text ? ' ' : p[-1],
					after = p[len];

		if (!isalnum((unsigned char) before) && before != '_' && !IS_HIGHBIT_SET(before) &&
			!isalnum((unsigned char) after) && after != '_' && !IS_HIGHBIT_SET(after))
			return true;
	}
	return false;
}
