/*
 * define.c - SQL entry points that record the model: sf_define(), sf_undefine(), hints, what is left to others.
 *
 * Protocol: who records takes sf_units_lock() before anything is read and keeps it to the end of the transaction.  The
 * whole model is elaborated before the first row is written, so an error leaves nothing behind.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/define.h"
#include "api/hints.h"
#include "facts/elaborate.h"
#include "facts/secrets.h"
#include "facts/stored.h"
#include "facts/transforms.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "model/unit.h"
#include "server/owner.h"

PG_FUNCTION_INFO_V1(sf_define_main);
PG_FUNCTION_INFO_V1(sf_define);
PG_FUNCTION_INFO_V1(sf_undefine);
PG_FUNCTION_INFO_V1(sf_rename_hint);
PG_FUNCTION_INFO_V1(sf_ignore);

static void check_owner(const SfUnit *unit);
static void check_shrink(const SfFactBase *old, const SfFactBase *new, const char *hint);
static void put_changes(FunctionCallInfo fcinfo, SfFactBase *old, SfFactBase *new);

char *
sf_text_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

int64
sf_interval_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	const Interval *span = PG_ARGISNULL(n) ? NULL : PG_GETARG_INTERVAL_P(n);

	if (span == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return span->time + span->day * USECS_PER_DAY + span->month * (DAYS_PER_MONTH * USECS_PER_DAY);
}

char *
sf_name_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return pstrdup(NameStr(*PG_GETARG_NAME(n)));
}

Datum
sf_define_main(PG_FUNCTION_ARGS)
{
	sf_record_unit(fcinfo, SF_MAIN_UNIT, "ddl", sf_text_arg(fcinfo, 0, "ddl"), !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	return (Datum) 0;
}

Datum
sf_define(PG_FUNCTION_ARGS)
{
	char	   *unit = sf_text_arg(fcinfo, 0, "unit");

	sf_record_unit(fcinfo, unit, "ddl", sf_text_arg(fcinfo, 1, "ddl"), !PG_ARGISNULL(2) && PG_GETARG_BOOL(2));
	return (Datum) 0;
}

void
sf_record_unit(FunctionCallInfo fcinfo, const char *name, const char *source, char *sql, bool allow_shrink)
{
	SfUnit	   *unit,
			   *before;
	List	   *units,
			   *renames,
			   *transforms,
			   *secrets;
	SfFactBase *old,
			   *new;

	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of a unit must not be empty"),
				 errhint("Leave it out to record unit \"%s\": SELECT sf_define(ddl).", SF_MAIN_UNIT)));
	sf_units_lock();
	units = sf_units_load();
	before = sf_unit_find(units, name);
	if (before != NULL)
		check_owner(before);

	unit = palloc0(sizeof(SfUnit));
	unit->name = pstrdup(name);
	unit->owner = GetUserNameFromId(GetUserId(), false);
	unit->source = pstrdup(source);
	unit->sql = sql;
	unit->declarations = sf_parse_unit(name, sql);
	if (unit->declarations == NIL)
		ereport(NOTICE,
				(errmsg("the text of unit \"%s\" declares nothing", name),
				 errhint("To remove the unit: SELECT * FROM sf_undefine(%s).", sf_literal(name))));
	secrets = sf_secrets_hide_text(unit);
	if (before == NULL)
		units = lappend(units, unit);
	else
		*before = *unit;		/* in its place */

	old = sf_model_facts();
	new = sf_elaborate(units, NIL, NULL);
	if (!allow_shrink)
		check_shrink(old, new, psprintf("SELECT * FROM sf_define(%s, ddl, allow_shrink => true)", sf_literal(name)));
	renames = sf_model_renames(unit, new);
	transforms = sf_model_transforms(unit, new);
	sf_unit_save(unit);
	sf_model_store(units, new);
	sf_model_store_renames(name, renames);
	sf_hints_bind(new);
	sf_transforms_store(name, transforms);
	if (new->secrets != NIL)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the text of unit \"%s\" shows a secret", name),
				 errdetail("It stands for \"%s\", and not as a literal of a statement of its own, where it would "
						   "have been hidden.", ((SfSecret *) linitial(new->secrets))->place),
				 errhint("Write the CREATE or ALTER statement itself, not in a DO block or a function.")));
	sf_secrets_keep(list_concat(secrets, new->secrets));
	put_changes(fcinfo, old, new);
}

Datum
sf_undefine(PG_FUNCTION_ARGS)
{
	char	   *name = sf_text_arg(fcinfo, 0, "unit");
	List	   *units;
	SfUnit	   *unit;
	SfFactBase *old,
			   *new;

	sf_units_lock();
	units = sf_units_load();
	unit = sf_unit_find(units, name);
	if (unit == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no unit \"%s\"", name),
				 errhint("SELECT * FROM sf_model lists the units.")));
	check_owner(unit);
	old = sf_model_facts();
	units = list_delete_ptr(units, unit);
	if (units == NIL)
	{
		new = sf_base_new("no model");
		sf_base_finish(new);
	}
	else
		new = sf_elaborate(units, NIL, NULL);
	if (PG_ARGISNULL(1) || !PG_GETARG_BOOL(1))
		check_shrink(old, new, psprintf("SELECT * FROM sf_undefine(%s, allow_shrink => true)", sf_literal(name)));
	sf_unit_delete(name);
	sf_transforms_store(name, NIL);
	if (units == NIL)
		sf_unit_delete("");		/* what no unit declared */
	else
		sf_model_store(units, new);
	put_changes(fcinfo, old, new);
	return (Datum) 0;
}

/* Of a routine with the types of its arguments: public.total(integer). */
static int
split_hint_name(const SfKind *kind, const char *text, char ***names)
{
	const char *types = kind->qualifiers > 0 ? strchr(text, '(') : NULL;
	int			n;

	if (types == NULL || memchr(text, '"', types - text))
		return sf_split_name(text, names);
	n = sf_split_name(pnstrdup(text, types - text), names);
	*names = repalloc(*names, sizeof(char *) * (n + 1));
	(*names)[n] = pstrdup(types);
	return n + 1;
}

bool
sf_is_in(const SfFactBase *base, const char *kind, const char *name)
{
	return base && sf_base_find(base, psprintf("%s:%s", kind, name)) != NULL;
}

void
sf_notice_unknown(const char *kind, const char *name)
{
	ereport(NOTICE,
			(errmsg("the model has no %s %s", kind, name),
			 errhint("What was said of it counts when it has. SELECT sf_model_ddl() shows the model; names are written "
					 "in full, with the schema.")));
}

/* kind, old, new: names as SQL, of parts with their table: 'column', 'public.users.fone', 'public.users.phone'. */
Datum
sf_rename_hint(PG_FUNCTION_ARGS)
{
	char	   *kind = sf_text_arg(fcinfo, 0, "kind"),
			   *old = sf_text_arg(fcinfo, 1, "old"),
			   *new = sf_text_arg(fcinfo, 2, "new");
	char	  **old_names,
			  **new_names;
	int			nold,
				nnew;
	const char *args[] = {sf_origin_system(), sf_origin_database(), kind, NULL, NULL};
	const SfKind *known = sf_kind_or_null(kind);
	SfFactBase *model;
	SfOwnerState owner;

	if (known == NULL || known->rename == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no kind of object \"%s\" that can be renamed", kind),
				 errhint("Kinds are named as in SELECT * FROM sf_diff(), for example 'table' or 'column'.")));
	nold = split_hint_name(known, old, &old_names);
	nnew = split_hint_name(known, new, &new_names);
	if (nold != nnew)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" and \"%s\" have different numbers of parts", old, new),
				 errhint("Write both in full, with schema and table: "
						 "SELECT sf_rename_hint('column', 'public.users.fone', 'public.users.phone').")));
	args[3] = sf_qualified(nnew, new_names);
	args[4] = sf_qualified(nold, old_names);
	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.rename_hint (system_identifier, database_oid, unit, kind, new, old) "
			   "VALUES ($1::pg_catalog.int8, $2::pg_catalog.oid, '', $3, $4, $5) "
			   "ON CONFLICT (system_identifier, database_oid, kind, new, unit) "
			   "DO UPDATE SET old = excluded.old, object = NULL",
			   lengthof(args), args);
	sf_owner_leave(&owner);
	model = sf_model_facts();
	if (model && !sf_is_in(model, kind, args[3]))
		sf_notice_unknown(kind, args[3]);
	if (model)
		sf_hints_bind(model);
	PG_RETURN_VOID();
}

Datum
sf_ignore(PG_FUNCTION_ARGS)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), sf_text_arg(fcinfo, 0, "pattern")};
	SfOwnerState owner;

	if (args[2][0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the pattern must not be empty"),
				 errhint("It is matched as by LIKE with the qualified name: SELECT sf_ignore('cron.%%').")));
	sf_owner_enter(&owner);
	sf_execute("INSERT INTO schemaflow.ignore (system_identifier, database_oid, pattern) "
			   "VALUES ($1::pg_catalog.int8, $2::pg_catalog.oid, $3) ON CONFLICT DO NOTHING", lengthof(args), args);
	sf_owner_leave(&owner);
	PG_RETURN_VOID();
}

static void
check_owner(const SfUnit *unit)
{
	Oid			owner = get_role_oid(unit->owner, true);

	/* a role that is gone has nobody to object */
	if (OidIsValid(owner) && !has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to change unit \"%s\"", unit->owner, unit->name),
				 errdetail("The unit was recorded by that role."),
				 errhint("Record your part under another name: SELECT * FROM sf_define('my_unit', ddl).")));
}

/* A model that lost most of what it had is more likely a mistake than a wish. */
static void
check_shrink(const SfFactBase *old, const SfFactBase *new, const char *hint)
{
	int			had = old == NULL ? 0 : sf_model_objects(old),
				has = sf_model_objects(new);

	if (has * 2 < had)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the model would shrink from %d to %d objects", had, has),
				 errdetail_plural("%d object would be dropped from the database by the next migration.",
								  "%d objects would be dropped from the database by the next migration.", had - has,
								  had - has),
				 errhint("If that is meant: %s.", hint)));
}

/* ---- what changed, one row an object ---- */

typedef enum Change
{
	CHANGE_NONE, CHANGE_ALTER, CHANGE_CREATE, CHANGE_DROP
} Change;

static const char *const change_words[] = {"", "alter", "create", "drop"};

typedef struct Changed
{
	SfFact	   *object;
	Change		change;
} Changed;

static int
compare_changed(const ListCell *a, const ListCell *b)
{
	const Changed *x = lfirst(a),
			   *y = lfirst(b);

	return strcmp(x->object->key, y->object->key);
}

/* Add to "changes" the objects of the facts in "some" that "others" has not, or has with other content. */
static List *
collect_changes(List *changes, SfFactBase *some, SfFactBase *others, Change missing)
{
	ListCell   *lc;

	foreach(lc, some->facts)
	{
		SfFact	   *fact = lfirst(lc),
				   *object = sf_object_of(fact),
				   *other = others == NULL ? NULL : sf_base_find(others, fact->key);
		Changed    *changed;

		if ((other == NULL && fact->baseline) || (other != NULL && sf_same_fact(fact, other)))
			continue;
		if (object->note != NULL)
			changed = object->note;
		else
		{
			changed = palloc(sizeof(Changed));
			changed->object = object;
			changed->change = others != NULL && sf_base_find(others, object->key) != NULL ? CHANGE_ALTER : missing;
			if (changed->change == missing && object->baseline)
				changed->change = CHANGE_ALTER;
			object->note = changed;
			changes = lappend(changes, changed);
		}
		CHECK_FOR_INTERRUPTS();
	}
	return changes;
}

static void
put_changes(FunctionCallInfo fcinfo, SfFactBase *old, SfFactBase *new)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *changes;
	const char *last = NULL;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	changes = collect_changes(NIL, new, old, CHANGE_CREATE);
	if (old != NULL)
		changes = collect_changes(changes, old, new, CHANGE_DROP);
	list_sort(changes, compare_changed);
	foreach(lc, changes)
	{
		const Changed *changed = lfirst(lc);
		Datum		values[3];
		bool		nulls[3] = {false};

		/* an altered object comes from both sides */
		if (last != NULL && strcmp(last, changed->object->key) == 0)
			continue;
		last = changed->object->key;
		values[0] = CStringGetTextDatum(change_words[changed->change]);
		values[1] = CStringGetTextDatum(changed->object->kind->name);
		values[2] = CStringGetTextDatum(sf_fact_name(changed->object));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}
