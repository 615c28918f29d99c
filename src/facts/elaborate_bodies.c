/*
 * elaborate_bodies.c - what the server says of the bodies of routines, when all of a text stands.
 *
 * Texts run with check_function_bodies off, since a body may name what is declared behind it; so a broken one would
 * come to light at its first call.  Behind the text each routine that it made goes to its language's validator once,
 * and what that says is a warning: nothing is refused, since a body may also name what lives elsewhere.
 *
 * Protocol: each validator is a statement of its own (server/statement.c), in a subtransaction, as the unit's owner.
 * Bodies find names as at run time: by the routine's own search_path, else by the database's; a body that only works
 * under the path that its text had set is no broken one either.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "facts/elaborate_run.h"
#include "lib/pins.h"
#include "lib/text.h"
#include "server/server.h"

/* Validators a transaction in SF_JOB_FRESH: each may lock what a body names. */
#define BLOCK_LENGTH	100

typedef struct Routine
{
	Oid			oid;
	Oid			validator;
	char	   *search_path;	/* its own; NULL: the database's */
	char	   *body;
} Routine;

/* What is no fault of the body: rights are the caller's matter, an enum's new value will be committed by then. */
static const int no_fault[] = {
	ERRCODE_INSUFFICIENT_PRIVILEGE, ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE
};

static Oid	owner_of(SfRun *run, const SfUnit *unit);
static bool look_up(Oid oid, Routine *routine);
static char *own_search_path(Datum settings);
static ErrorData *validate(const Routine *routine, const char *search_path);
static void warn(const SfMaker *maker, const Routine *routine, const ErrorData *error);
static int	line_of(const SfMaker *maker, const Routine *routine, const ErrorData *error);
static int	count_lines(const char *text, const char *end);

void
sf_note_routine(SfRun *run, SfMaker *maker)
{
	if (!run->check_bodies || maker->unit->sql == NULL || creating_extension)
		return;
	if (maker->search_path == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(run->context);

		run->routines = lappend_oid(run->routines, maker->address.objectId);
		MemoryContextSwitchTo(caller);
	}
	if (run->path == NULL || strcmp(run->path, namespace_search_path) != 0)
		run->path = MemoryContextStrdup(run->context, namespace_search_path);
	maker->search_path = run->path;
}

void
sf_check_bodies(SfRun *run)
{
	const SfUnit *as_owner_of = NULL;
	ListCell   *lc;

	foreach(lc, run->routines)
	{
		ObjectAddress address;
		const SfMaker *maker;
		Routine		routine;

		ObjectAddressSet(address, ProcedureRelationId, lfirst_oid(lc));
		maker = hash_search(run->makers, &address, HASH_FIND, NULL);
		if (maker->unit->sql == NULL)	/* a unit that stands has made it again */
			continue;
		if (maker->unit != as_owner_of || foreach_current_index(lc) % BLOCK_LENGTH == 0)
		{
			sf_block_end(run);
			as_owner_of = maker->unit;
			sf_worker_become(owner_of(run, as_owner_of));
			sf_block_begin(run);
		}
		if (look_up(address.objectId, &routine))
		{
			ErrorData  *error = validate(&routine, routine.search_path);

			if (error != NULL && routine.search_path == NULL && validate(&routine, maker->search_path) == NULL)
				error = NULL;
			if (error != NULL)
				warn(maker, &routine, error);
		}
		CHECK_FOR_INTERRUPTS();
	}
	sf_block_end(run);
}

static Oid
owner_of(SfRun *run, const SfUnit *unit)
{
	ListCell   *lu,
			   *lo;

	forboth(lu, run->units, lo, run->owners)
		if (lfirst(lu) == unit)
			return lfirst_oid(lo);
	elog(ERROR, "cannot happen: unit \"%s\" has no owner", unit->name);
}

/* False: it is gone again, or has no body of its own (an aggregate), or its language has no validator. */
static bool
look_up(Oid oid, Routine *routine)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	HeapTuple	language;
	Datum		settings;
	bool		isnull,
				has_body;

	if (!HeapTupleIsValid(tuple))
		return false;
	has_body = ((Form_pg_proc) GETSTRUCT(tuple))->prokind != PROKIND_AGGREGATE;
	language = SearchSysCache1(LANGOID, ObjectIdGetDatum(((Form_pg_proc) GETSTRUCT(tuple))->prolang));
	if (!HeapTupleIsValid(language))
		elog(ERROR, "cannot happen: routine %u has no language", oid);
	routine->oid = oid;
	routine->validator = ((Form_pg_language) GETSTRUCT(language))->lanvalidator;
	ReleaseSysCache(language);
	settings = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	routine->search_path = isnull ? NULL : own_search_path(settings);
	routine->body = TextDatumGetCString(SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull));
	ReleaseSysCache(tuple);
	return has_body && OidIsValid(routine->validator);
}

/* Of "name=value" texts. */
static char *
own_search_path(Datum settings)
{
	char	  **texts;
	int			n = sf_text_array_elements(settings, &texts);

	for (int i = 0; i < n; i++)
		if (strncmp(texts[i], "search_path=", strlen("search_path=")) == 0)
			return texts[i] + strlen("search_path=");
	return NULL;
}

/* The language's own word, NULL when it has nothing to say.  search_path NULL: as it stands. */
static ErrorData *
validate(const Routine *routine, const char *search_path)
{
	char	   *sql = psprintf("SELECT %s(%u)",
							   quote_qualified_identifier(get_namespace_name(get_func_namespace(routine->validator)),
														  get_func_name(routine->validator)),
							   routine->oid);
	int			level = NewGUCNestLevel();
	ErrorData  *error;

	sf_set_here("check_function_bodies", "on");
	if (search_path != NULL)
		sf_set_here("search_path", search_path);
	error = sf_worker_try_statement(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)), sql);
	AtEOXact_GUC(true, level);
	if (error != NULL && sf_is_one_of(error->sqlerrcode, no_fault, lengthof(no_fault)))
		return NULL;
	return error;
}

static void
warn(const SfMaker *maker, const Routine *routine, const ErrorData *error)
{
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the body of %s does not work", format_procedure_qualified(routine->oid)),
			 errdetail("Unit \"%s\", line %d: %s.%s%s", maker->unit->name, line_of(maker, routine, error),
					   error->message, error->detail != NULL ? " " : "", error->detail != NULL ? error->detail : ""),
			 sf_came_too_early(error) ?
			 errhint("It is recorded as it is. What it names may be declared later, or live elsewhere.") :
			 errhint("It is recorded as it is. Mend it and record the unit again.")));
}

/* The line of the unit that the error points at, or that of the declaration. */
static int
line_of(const SfMaker *maker, const Routine *routine, const ErrorData *error)
{
	const SfDeclaration *declaration = NULL;
	const char *body,
			   *at;
	ListCell   *lc;

	foreach(lc, maker->unit->declarations)
		if (((SfDeclaration *) lfirst(lc))->n == maker->declaration)
			declaration = lfirst(lc);
	if (declaration == NULL)
		elog(ERROR, "cannot happen: no declaration %d in unit \"%s\"", maker->declaration, maker->unit->name);
	body = error->internalpos > 0 && sf_streq(error->internalquery, routine->body) ?
		strstr(declaration->text, routine->body) : NULL;
	if (body == NULL)
		return declaration->line;
	at = routine->body + pg_mbcharcliplen(routine->body, strlen(routine->body), error->internalpos - 1);
	return declaration->line + count_lines(declaration->text, body) + count_lines(routine->body, at);
}

static int
count_lines(const char *text, const char *end)
{
	int			lines = 0;

	for (; text < end; text++)
		lines += *text == '\n';
	return lines;
}
