/*
 * unmodelled.c - objects that no kind models.  See unmodelled.h.  Runs under the reader's pins.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgroids.h"

#include "facts/unmodelled.h"
#include "lib/spi.h"
#include "lib/text.h"

/* $1 catalogs, $2 objects: what is the user's by its schema, and none of the guard's triggers. */
static const char *const unmodelled_query =
	"SELECT i.type || ' ' || i.identity "
	"FROM unnest($1::oid[], $2::oid[]) o (classid, objid), "
	"LATERAL pg_identify_object(classid, objid, 0) i "
	"WHERE i.identity IS NOT NULL AND NOT (classid = 'pg_extension'::regclass AND i.name = ANY ($3::text[])) AND "
	"(i.schema IS NULL OR (i.schema !~ '^pg_' AND i.schema <> ALL ($3::text[]))) AND NOT EXISTS ("
	"SELECT FROM pg_event_trigger t JOIN pg_proc p ON p.oid = evtfoid JOIN pg_namespace n ON n.oid = pronamespace "
	"WHERE classid = 'pg_event_trigger'::regclass AND t.oid = o.objid AND nspname = 'schemaflow') ORDER BY 1";

static char *
oid_array(List *oids)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	foreach(lc, oids)
		appendStringInfo(&text, "%s%u", foreach_current_index(lc) ? "," : "", lfirst_oid(lc));
	appendStringInfoChar(&text, '}');
	return text.data;
}

static char *
name_array(List *names)
{
	char	  **elements = palloc((list_length(names) + 1) * sizeof(char *));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, names)
		elements[n++] = lfirst(lc);
	elements[n++] = "information_schema";
	return OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, elements));
}

List *
sf_unmodelled(SfFactBase *base, List *classes, List *objects, List *excluded)
{
	const char *args[] = {oid_array(classes), oid_array(objects), name_array(excluded)};
	SfRows	   *rows = sf_query(unmodelled_query, lengthof(args), args);
	MemoryContext caller = MemoryContextSwitchTo(base->context);
	List	   *names = NIL;

	for (int r = 0; r < rows->nrows; r++)
		names = lappend(names, pstrdup(sf_cell(rows, r, 0)));
	MemoryContextSwitchTo(caller);
	return names;
}
