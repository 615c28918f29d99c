/*
 * live.c - the live database's facts, and which of them are ours to change.  See live.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "facts/facts.h"
#include "facts/live.h"
#include "facts/secrets.h"
#include "guc.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * Schemas of versions of the application (apply/version_schema.h); also those that a dump has brought, whosever rows
 * say so.  A scratch has none.
 */
static List *
version_schemas(void)
{
	List	   *names = NIL;
	SfRows	   *rows;

	if (!OidIsValid(get_relname_relid("version_schema", get_namespace_oid("schemaflow", true))))
		return NIL;
	rows = sf_query("SELECT schema_name FROM schemaflow.version_schema", 0, NULL);
	for (int r = 0; r < rows->nrows; r++)
		names = lappend(names, sf_cell(rows, r, 0));
	return names;
}

static SfFactBase *
without_own(SfFactBase *(*read) (List *excluded))
{
	SfFactBase *live = read(list_concat(sf_own_schemas(), version_schemas()));

	sf_secrets_hide(live);
	return live;
}

SfFactBase *
sf_live_facts(void)
{
	return without_own(sf_facts_read);
}

SfFactBase *
sf_live_facts_apart(void)
{
	return without_own(sf_facts_read_apart);
}

/* What the model says by itself: schemas, and kinds of objects that stand in no schema. */
static void
collect_managed(const SfFactBase *model, List **schemas, List **kinds)
{
	const char *const args[] = {sf_origin_system(), sf_origin_database()};
	ListCell   *lc;
	SfRows *rows =
		sf_query("SELECT name FROM schemaflow.managed_schema WHERE " SF_ORIGIN_IS_OURS, lengthof(args), args);

	*schemas = list_make1("public");
	*kinds = NIL;
	for (int r = 0; r < rows->nrows; r++)
		*schemas = lappend(*schemas, sf_cell(rows, r, 0));
	foreach(lc, model->facts)
	{
		SfFact	   *fact = lfirst(lc);
		const char *schema = sf_fact_schema(fact);

		if (fact->baseline)
			continue;
		if (schema && !sf_list_has(*schemas, schema))
			*schemas = lappend(*schemas, unconstify(char *, schema));
		if (schema == NULL && fact->parent == NULL && !sf_list_has(*kinds, fact->kind->name))
			*kinds = lappend(*kinds, unconstify(char *, fact->kind->name));
	}
}

/*
 * What is said about members of an extension is ours with the extension; what its own script said can be compared only
 * where both sides have it in the same version.
 */
static void
scope_members(SfFactBase *base, const SfFactBase *live, const SfFactBase *model)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);
		const SfFact *there = sf_extension_of(live, fact),
				   *wanted = sf_extension_of(model, fact),
				   *said;

		if (!fact->kind->about_member)
			continue;
		said = sf_base_find(model, fact->key);
		if (sf_guc_manage() == SF_MANAGE_MODEL)
			fact->unmanaged = wanted == NULL || wanted->baseline;
		if (fact->kind->given && (said == NULL || said->baseline) &&
			(there == NULL || wanted == NULL || !sf_same_version(there, wanted)))
			fact->unmanaged = true;
	}
}

static const SfFact *
root_of(const SfFact *fact)
{
	while (fact->parent)
		fact = fact->parent;
	return fact;
}

static void
leave_unnamed(SfFactBase *live, SfFactBase *model)
{
	List	   *schemas;
	List	   *kinds;
	ListCell   *lc;

	collect_managed(model, &schemas, &kinds);
	foreach(lc, live->facts)
	{
		SfFact	   *fact = lfirst(lc);
		const char *schema = sf_fact_schema(fact);

		fact->unmanaged = schema ? !sf_list_has(schemas, schema) : !sf_list_has(kinds, root_of(fact)->kind->name);
	}
	/*
	 * What every database has is managed where the model says something else: the model's baseline facts are not asked
	 * for, and their live counterparts, whatever they have become, are left as they are.
	 */
	foreach(lc, model->facts)
	{
		SfFact	   *fact = lfirst(lc);
		SfFact	   *same;

		if (!fact->baseline)
			continue;
		fact->unmanaged = true;
		same = sf_base_find(live, fact->key);
		if (same)
			same->unmanaged = true;
	}
	/* Privileges and comments that somebody gave to such an object are his. */
	foreach(lc, live->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->parent && fact->parent->unmanaged && fact->kind->weight >= 900 &&
			sf_base_find(model, fact->key) == NULL)
			fact->unmanaged = true;
	}
}

static void
leave_ignored(SfFactBase *base, List *patterns)
{
	ListCell   *lc,
			   *lp;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		for (const SfFact *up = fact; up && !fact->unmanaged; up = up->parent)
		{
			char	   *name = sf_name(up);

			foreach(lp, patterns)
				if (DatumGetBool(DirectFunctionCall2Coll(textlike, C_COLLATION_OID, CStringGetTextDatum(name),
														 (Datum) lfirst(lp))))
					fact->unmanaged = true;
		}
	}
}

static List *
ignored_patterns(void)
{
	const char *const args[] = {sf_origin_system(), sf_origin_database()};
	SfRows	   *rows = sf_query("SELECT pattern FROM schemaflow.ignore WHERE " SF_ORIGIN_IS_OURS, 2, args);
	List	   *patterns = NIL;

	for (int r = 0; r < rows->nrows; r++)
		patterns = lappend(patterns, DatumGetPointer(CStringGetTextDatum(sf_cell(rows, r, 0))));
	return patterns;
}

void
sf_scope(SfFactBase *live, SfFactBase *model)
{
	List	   *patterns = ignored_patterns();

	sf_base_finish(live);
	sf_base_finish(model);
	if (sf_guc_manage() == SF_MANAGE_MODEL)
		leave_unnamed(live, model);
	scope_members(live, live, model);
	scope_members(model, live, model);
	if (patterns)
	{
		leave_ignored(live, patterns);
		leave_ignored(model, patterns);
	}
}
