/*
 * elaborate.c - the caller's side of elaboration: what is sent to the worker, what comes back (elaborate.h).
 *
 * Protocol: takes no locks; the worker runs in its own session and does not see the caller's uncommitted changes,
 * which a scratch has no part in.  Facts live in their base's context.  The worker asks to be run again in another
 * place rather than failing, so no error is caught here.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/twophase.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "facts/elaborate.h"
#include "facts/secrets.h"
#include "facts/wire.h"
#include "kinds/kind.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/server.h"

/*
 * Relations that one CREATE TABLE locks: itself, its toast table and that one's index, a key's index and a sequence;
 * and one for every other statement.
 */
#define LOCKS_PER_TABLE		5

typedef struct Result
{
	SfFactBase *base;
	SfFactBase *renamed;
	bool		fresh;			/* the worker asks for SF_JOB_FRESH */
	bool		extend;			/* the worker asks for all of live's extensions */
	bool		quiet;			/* nothing is being recorded: what is odd about the text has been said */
	List	   *notices;		/* messages of this run */
	List	   *shown;			/* those of the runs before it */
} Result;

static void encode_extensions(StringInfo out);
static void encode_collations(StringInfo out, List *units);
static void encode_units(StringInfo out, List *units);
static SfJobPlace place_for(List *units);
static void take_row(int n, char **values, void *arg);
static void take_notice(ErrorData *notice, void *arg);
static bool is_recording(List *units);
static void pair_by_address(SfFactBase *base, SfFactBase *renamed);

SfFactBase *
sf_elaborate(List *units, List *inverse_renames, SfFactBase **under_old_names)
{
	SfJobPlace	place = place_for(units);
	bool		extend = false;
	Result		result = {.quiet = !is_recording(units)};
	ListCell   *lc;

	for (;;)
	{
		StringInfoData payload;
		SfJob		job = {.handler = "sf_job_elaborate", .activity = "elaborate the model", .on_row = take_row,
		.on_notice = take_notice};

		initStringInfo(&payload);
		sf_wire_put_int(&payload, extend);
		sf_wire_put_int(&payload, check_function_bodies);
		encode_extensions(&payload);
		encode_collations(&payload, units);
		encode_units(&payload, units);
		sf_wire_put_int(&payload, list_length(inverse_renames));
		foreach(lc, inverse_renames)
			sf_wire_put(&payload, lfirst(lc));

		result.fresh = result.extend = false;
		result.shown = list_concat(result.shown, result.notices);
		result.notices = NIL;
		result.base = sf_base_new("model");
		result.renamed = inverse_renames == NIL ? NULL : sf_base_new("model under old names");
		job.arg = &result;
		job.place = place;
		job.payload = payload.data;
		job.payload_len = payload.len;
		sf_job_run(&job);
		pfree(payload.data);

		if (!result.fresh && !result.extend)
			break;
		if ((result.fresh && place == SF_JOB_FRESH) || (result.extend && extend))
			elog(ERROR, "cannot happen: elaboration asks twice for the same");
		if (result.fresh)
			place = SF_JOB_FRESH;
		extend = extend || result.extend;
		MemoryContextDelete(result.base->context);
		if (result.renamed != NULL)
			MemoryContextDelete(result.renamed->context);
	}

	sf_base_finish(result.base);
	sf_secrets_hide(result.base);
	if (result.renamed != NULL)
	{
		sf_secrets_hide(result.renamed);
		sf_base_finish(result.renamed);
		pair_by_address(result.base, result.renamed);
	}
	if (under_old_names != NULL)
		*under_old_names = result.renamed;
	return result.base;
}

bool
sf_same_fact(const SfFact *a, const SfFact *b)
{
	if (a->kind != b->kind || strcmp(a->key, b->key) != 0 || !sf_streq(a->parent_key, b->parent_key))
		return false;
	for (int i = 0; i < a->kind->nattrs; i++)
		if (a->kind->attrs[i].how != SF_IGNORE && !sf_streq(a->attr[i], b->attr[i]))
			return false;
	return true;
}

/* Those of live that a text may use without asking for them. */
static void
encode_extensions(StringInfo out)
{
	SfRows	   *rows = sf_query("SELECT extname::pg_catalog.text FROM pg_catalog.pg_extension "
								"WHERE extname OPERATOR(pg_catalog.<>) ALL ('{plpgsql,schemaflow}') ORDER BY 1",
								0, NULL);

	sf_wire_put_int(out, rows->nrows);
	for (int i = 0; i < rows->nrows; i++)
		sf_wire_put(out, sf_cell(rows, i, 0));
}

static bool
text_has(List *units, const char *word)
{
	ListCell   *lu,
			   *ld;

	foreach(lu, units)
		foreach(ld, ((SfUnit *) lfirst(lu))->declarations)
			if (strstr(((SfDeclaration *) lfirst(ld))->text, word) != NULL)
				return true;
	return false;
}

/*
 * Collations that somebody has added to pg_catalog since the server was set up (pg_import_system_collations() does,
 * when the system got a language), as far as the text may name them: they are no facts, and an empty database lacks
 * them.
 */
static void
encode_collations(StringInfo out, List *units)
{
	static const char query[] =
		"SELECT c.collname, pg_catalog.format('CREATE COLLATION pg_catalog.%I (PROVIDER = %s, DETERMINISTIC = %s, ', "
		"  c.collname, CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, "
		"  CASE WHEN c.collisdeterministic THEN 'true' ELSE 'false' END) "
		" OPERATOR(pg_catalog.||) CASE WHEN c.collprovider OPERATOR(pg_catalog.=) 'c' THEN "
		"  pg_catalog.format('LC_COLLATE = %L, LC_CTYPE = %L', c.collcollate, c.collctype) ELSE "
		"  pg_catalog.format('LOCALE = %L', coalesce(j.j OPERATOR(pg_catalog.->>) 'colllocale', "
		"   j.j OPERATOR(pg_catalog.->>) 'colliculocale')) END "
		" OPERATOR(pg_catalog.||) coalesce(', RULES = ' OPERATOR(pg_catalog.||) "
		"  pg_catalog.quote_literal(j.j OPERATOR(pg_catalog.->>) 'collicurules'), '') OPERATOR(pg_catalog.||) ')' "
		"FROM pg_catalog.pg_collation c, pg_catalog.to_jsonb(c) AS j(j) "
		"WHERE c.collnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace "
		"AND c.oid OPERATOR(pg_catalog.>=) $1::pg_catalog.oid AND c.collencoding OPERATOR(pg_catalog.=) "
		" ANY (ARRAY[-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding())]) ORDER BY 1";
	const char *args[] = {psprintf("%u", FirstNormalObjectId)};
	SfRows	   *rows = sf_query(query, 1, args);
	List	   *wanted = NIL;
	ListCell   *lc;

	for (int i = 0; i < rows->nrows; i++)
		if (text_has(units, sf_cell(rows, i, 0)))
			wanted = lappend(wanted, sf_cell(rows, i, 1));
	sf_wire_put_int(out, list_length(wanted));
	foreach(lc, wanted)
		sf_wire_put(out, lfirst(lc));
}

/* Owners go as OIDs: a role that is gone is found here, with a message about the unit. */
static void
encode_units(StringInfo out, List *units)
{
	ListCell   *lu,
			   *ld;

	sf_wire_put_int(out, list_length(units));
	foreach(lu, units)
	{
		const SfUnit *unit = lfirst(lu);
		Oid			owner = get_role_oid(unit->owner, true);

		if (!OidIsValid(owner))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("role \"%s\", the owner of unit \"%s\", does not exist", unit->owner, unit->name),
					 errdetail("A unit's text runs with the rights of the role that recorded it."),
					 errhint("Record the unit again: SELECT sf_define(%s, ddl).", sf_literal(unit->name))));
		if (!is_member_of_role(GetSessionUserId(), owner))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be a member of role \"%s\" to run unit \"%s\"", unit->owner, unit->name),
					 errdetail("A unit's text runs with the rights of the role that recorded it."),
					 errhint("Ask a member of that role, or a superuser.")));
		sf_wire_put_int(out, owner);
		sf_wire_put(out, unit->name);
		sf_wire_put(out, unit->sql == NULL ? NULL : "");	/* being recorded: say what is odd about it */
		sf_wire_put_int(out, list_length(unit->declarations));
		foreach(ld, unit->declarations)
		{
			const SfDeclaration *declaration = lfirst(ld);

			sf_wire_put_int(out, declaration->n);
			sf_wire_put_int(out, declaration->line);
			sf_wire_put_int(out, declaration->dump);
			sf_wire_put(out, declaration->tag);
			sf_wire_put(out, declaration->text);
			CHECK_FOR_INTERRUPTS();
		}
	}
}

/* Too many relations for one transaction's locks need a place that commits. */
static SfJobPlace
place_for(List *units)
{
	int64		locks = 0,
				room = (int64) max_locks_per_xact * (MaxBackends + max_prepared_xacts);
	ListCell   *lu,
			   *ld;

	foreach(lu, units)
		foreach(ld, ((SfUnit *) lfirst(lu))->declarations)
			locks += strcmp(((SfDeclaration *) lfirst(ld))->tag, "CREATE TABLE") == 0 ? LOCKS_PER_TABLE : 1;
	return locks > room / 4 ? SF_JOB_FRESH : SF_JOB_SCRATCH;
}

static void
take_row(int n, char **values, void *arg)
{
	Result	   *result = arg;
	SfFactBase *base;
	MemoryContext caller;
	SfFact	   *fact;

	if (n != SF_ROW_COLUMNS)
		elog(ERROR, "cannot happen: row of %d columns", n);
	if (strcmp(values[0], SF_ROW_FRESH) == 0)
		result->fresh = true;
	else if (strcmp(values[0], SF_ROW_EXTEND) == 0)
		result->extend = true;
	else
	{
		base = strcmp(values[0], SF_ROW_RENAMED) == 0 ? result->renamed : result->base;
		fact = sf_fact_decode(base, values[5]);
		caller = MemoryContextSwitchTo(base->context);
		if (values[1] != NULL)
			sscanf(values[1], "%u/%u/%d", &fact->addr.classId, &fact->addr.objectId, &fact->addr.objectSubId);
		fact->unit = values[2] == NULL ? NULL : pstrdup(values[2]);
		fact->declaration = values[3] == NULL ? 0 : atoi(values[3]);
		fact->baseline = values[4] != NULL;
		MemoryContextSwitchTo(caller);
	}
}

/* A text that has to run again says the same again. */
static void
take_notice(ErrorData *notice, void *arg)
{
	Result	   *result = arg;
	ListCell   *lc;

	if (result->quiet)
		return;
	foreach(lc, result->shown)
		if (strcmp(lfirst(lc), notice->message) == 0)
		{
			result->shown = list_delete_cell(result->shown, lc);
			return;
		}
	result->notices = lappend(result->notices, pstrdup(notice->message));
	ThrowErrorData(notice);
}

static bool
is_recording(List *units)
{
	ListCell   *lc;

	foreach(lc, units)
		if (((SfUnit *) lfirst(lc))->sql != NULL)
			return true;
	return false;
}

/*
 * Facts of one kind at one address are the same object before and after the renames; where several share an address
 * (the grants on a table) the last name, which no rename of the object touches, tells them apart.
 */
static void
pair_by_address(SfFactBase *base, SfFactBase *renamed)
{
	typedef struct Slot
	{
		char		key[NAMEDATALEN + 64];	/* kind, address, last name */
		SfFact	   *only;		/* NULL when several */
	} Slot;

	char		key[NAMEDATALEN + 64];
	HASHCTL		ctl = {.keysize = sizeof(key), .entrysize = sizeof(Slot), .hcxt = CurrentMemoryContext};
	HTAB	   *slots = hash_create("facts by address", list_length(base->facts) * 2, &ctl,
									HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	ListCell   *lc;
	bool		found;

	for (int pass = 0; pass < 2; pass++)
	{
		foreach(lc, pass == 0 ? base->facts : renamed->facts)
		{
			SfFact	   *fact = lfirst(lc);
			Slot	   *slot;

			if (!OidIsValid(fact->addr.classId))
				continue;
			for (int named = 0; named < 2 && fact->twin == NULL; named++)
			{
				snprintf(key, sizeof(key), "%s %u %u %d %s", fact->kind->name, fact->addr.classId,
						 fact->addr.objectId, fact->addr.objectSubId, named ? sf_last(fact) : "");
				slot = hash_search(slots, key, pass == 0 ? HASH_ENTER : HASH_FIND, &found);
				if (pass == 0)
					slot->only = found ? NULL : fact;
				else if (slot != NULL && slot->only != NULL)
				{
					fact->twin = slot->only;
					slot->only->twin = fact;
				}
			}
			CHECK_FOR_INTERRUPTS();
		}
	}
	hash_destroy(slots);
}
