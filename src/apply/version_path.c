/*
 * version_path.c - which version a session is by its search_path (version_path.h).
 *
 * What was found is kept with the path as it was then; comparing is one number for the server.  A change of a schema
 * or of schemaflow.version_schema (whose writers say so, version_schema.c) makes it stale.
 *
 * It is asked for by the trigger, under the rights of who writes, and in copies without our tables: then no schema is
 * one of a version.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "apply/history.h"
#include "apply/version_path.h"
#include "compat.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"

static SearchPathMatcher *path = NULL;	/* as it was looked up; NULL: never, or stale */
static char found[SF_REVISION_LEN + 1];
static Oid	versions = InvalidOid;	/* schemaflow.version_schema */
static bool registered = false;

static void
schema_changed(Datum arg, int cacheid, uint32 hash)
{
	path = NULL;
}

static void
relation_changed(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == versions)
		path = NULL;
}

static char *
look_up(void)
{
	List	   *schemas = fetch_search_path(false);
	char	  **names = palloc(Max(list_length(schemas), 1) * sizeof(char *));
	const char *args[] = {sf_origin_system(), sf_origin_database(), NULL};
	int			n = 0;
	ListCell   *lc;

	foreach(lc, schemas)
	{
		char	   *name = get_namespace_name(lfirst_oid(lc));

		if (name)
			names[n++] = name;
	}
	args[2] = OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, names));
	return sf_query_text("SELECT version FROM schemaflow.version_schema, "
						 "pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY p(name, n) WHERE "
						 SF_ORIGIN_IS_OURS " AND schema_name OPERATOR(pg_catalog.=) p.name ORDER BY n LIMIT 1",
						 lengthof(args), args);
}

const char *
sf_version_of_path(void)
{
	static SearchPathMatcher *kept = NULL;
	MemoryContext old;
	char	   *version;

	if (path && SearchPathMatchesCurrentEnvironment(path))
		return found;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, (Datum) 0);
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		registered = true;
	}
	if (kept)
	{
		list_free(kept->schemas);
		pfree(kept);
		path = kept = NULL;
	}
	versions = get_relname_relid("version_schema", get_namespace_oid("schemaflow", true));
	old = MemoryContextSwitchTo(TopMemoryContext);
	path = kept = GetSearchPathMatcher(TopMemoryContext);
	MemoryContextSwitchTo(old);
	/* A change that comes in during the query clears "path" again. */
	version = OidIsValid(versions) ? look_up() : NULL;
	strlcpy(found, version ? version : "", sizeof(found));
	return found;
}
