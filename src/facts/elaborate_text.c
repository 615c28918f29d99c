/*
 * elaborate_text.c - run the declarations of all units in a scratch (elaborate_run.h).
 *
 * Protocol.  Each unit runs as its owner.  Extensions are made before any text.  A declaration that came too early is
 * tried again after the others.  What its owner may not do although it runs no user code (OWNER TO another role, GRANT
 * on another's object...) is put off until all text has run and then done with the bootstrap superuser's rights:
 * nothing of the text runs after that, so a function that got a mightier owner is never called.  For the same reason
 * transactions are ended, and deferred triggers fired, before the role changes.
 *
 * In SF_JOB_SCRATCH all is one transaction that is rolled back.  In SF_JOB_FRESH it is cut into blocks.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "facts/elaborate_run.h"
#include "facts/wire.h"
#include "lib/text.h"
#include "server/server.h"

/* Declarations a transaction in SF_JOB_FRESH: few commits, few locks. */
#define BLOCK_LENGTH	100

/* A declaration from this length on is not repeated in its error. */
#define LONG_TEXT		4000

/* Statements that run no user code, and the AlterTableStmt that only sets an owner. */
static const NodeTag no_code[] = {
	T_AlterOwnerStmt, T_GrantStmt, T_AlterDefaultPrivilegesStmt, T_CommentStmt
};

/* What a declaration that came too early fails with. */
static const int too_early[] = {
	ERRCODE_UNDEFINED_TABLE, ERRCODE_UNDEFINED_OBJECT, ERRCODE_UNDEFINED_FUNCTION, ERRCODE_UNDEFINED_SCHEMA
};

static void make_extension(SfRun *run, const CreateExtensionStmt *stmt, const SfUnit *unit, SfDeclaration *declaration);
static bool take_over_schema(SfRun *run, const SfUnit *unit, Oid owner, const SfDeclaration *declaration);
static bool run_declaration(SfRun *run, const SfUnit *unit, Oid owner, SfDeclaration *declaration);
static bool sort_out(SfRun *run, const SfUnit *unit, Oid owner, SfDeclaration *declaration, RawStmt *stmt,
					 ErrorData *error);
static bool needs_commits(const ErrorData *error);
static bool wants_extension(SfRun *run, const ErrorData *error);
static bool runs_no_code(const Node *stmt);
static void remember_setting(SfRun *run, const Node *stmt);
static void restore_settings(SfRun *run);
static void set_setting(const char *name, const char *value);
pg_noreturn static void raise_for(const SfDeclaration *declaration, ErrorData *error);

/* ---- transactions ---- */

void
sf_block_begin(SfRun *run)
{
	if (run->fresh && !run->open)
	{
		sf_worker_begin();
		run->open = true;
		run->length = 0;
		MemoryContextSwitchTo(run->context);
	}
}

void
sf_block_end(SfRun *run)
{
	if (run->fresh && run->open)
	{
		sf_worker_commit();
		run->open = false;
		MemoryContextSwitchTo(run->context);
	}
}

/* ---- extensions ---- */

/* Before any text of the caller, so that no text can put itself in the way of an extension's script. */
void
sf_make_extensions(SfRun *run)
{
	ListCell   *lu,
			   *lo,
			   *ld;

	sf_block_begin(run);
	forboth(lu, run->units, lo, run->owners)
	{
		const SfUnit *unit = lfirst(lu);

		/* A superuser's are made in their place. */
		if (superuser_arg(lfirst_oid(lo)))
			continue;
		foreach(ld, unit->declarations)
		{
			SfDeclaration *declaration = lfirst(ld);

			if (strcmp(declaration->tag, "CREATE EXTENSION") != 0)
				continue;
			sf_worker_become(lfirst_oid(lo));
			make_extension(run, castNode(CreateExtensionStmt, sf_declaration_statement(declaration)->stmt),
							   unit, declaration);
		}
	}
	run->unit = NULL;
	if (run->extend)
		foreach(ld, run->live_extensions)
			sf_worker_extension(lfirst(ld), NULL);
	sf_note_given(run);
	sf_block_end(run);
}

static void
make_extension(SfRun *run, const CreateExtensionStmt *stmt, const SfUnit *unit, SfDeclaration *declaration)
{
	const char *schema = NULL;
	ErrorContextCallback callback = {error_context_stack, sf_declaration_context, declaration};
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		const DefElem *option = lfirst(lc);

		if (strcmp(option->defname, "schema") == 0) /* the option's name, not a kind */
			schema = strVal(option->arg);
	}
	run->unit = unit;
	run->declaration = declaration->n;
	error_context_stack = &callback;
	if (sf_worker_extension(stmt->extname, schema) && schema != NULL)
		run->schemas = lappend(run->schemas, makeString(pstrdup(schema)));
	error_context_stack = callback.previous;
	run->done = lappend(run->done, declaration);
}

/*
 * A schema that an extension needed stands already, as the bootstrap superuser's.  Where the text makes it, it becomes
 * what the text says.
 */
static bool
take_over_schema(SfRun *run, const SfUnit *unit, Oid owner, const SfDeclaration *declaration)
{
	const CreateSchemaStmt *stmt;
	ObjectAddress address;
	SfMaker	   *maker;
	const char *role;

	if (run->schemas == NIL || strcmp(declaration->tag, "CREATE SCHEMA") != 0)
		return false;
	stmt = castNode(CreateSchemaStmt, sf_declaration_statement(declaration)->stmt);
	if (stmt->schemaname == NULL || stmt->schemaElts != NIL || !list_member(run->schemas, makeString(stmt->schemaname)))
		return false;

	sf_block_end(run);
	sf_block_begin(run);
	sf_worker_become_bootstrap();
	role = stmt->authrole == NULL ? GetUserNameFromId(owner, false) : get_rolespec_name(stmt->authrole);
	sf_run_text(psprintf("ALTER SCHEMA %s OWNER TO %s", sf_ident(stmt->schemaname), sf_ident(role)));
	ObjectAddressSet(address, NamespaceRelationId, get_namespace_oid(stmt->schemaname, false));
	maker = hash_search(run->makers, &address, HASH_ENTER, NULL);
	maker->search_path = NULL;
	maker->unit = unit;
	maker->declaration = declaration->n;
	sf_block_end(run);
	sf_worker_become(owner);
	return true;
}

/* ---- declarations ---- */

/* False: the caller was asked to run it all in another way. */
bool
sf_run_units(SfRun *run)
{
	ListCell   *lu,
			   *lo,
			   *ld;

	forboth(lu, run->units, lo, run->owners)
	{
		const SfUnit *unit = lfirst(lu);
		Oid			owner = lfirst_oid(lo);

		sf_worker_become(owner);
		foreach(ld, unit->declarations)
		{
			SfDeclaration *declaration = lfirst(ld);

			if (list_member_ptr(run->done, declaration) || take_over_schema(run, unit, owner, declaration))
				continue;
			if (!run_declaration(run, unit, owner, declaration))
				return false;
			CHECK_FOR_INTERRUPTS();
		}
		sf_block_begin(run);
		restore_settings(run);
		sf_block_end(run);
	}
	return true;
}

/* Run one declaration.  False: stop, the caller was asked to run it all in another way. */
static bool
run_declaration(SfRun *run, const SfUnit *unit, Oid owner, SfDeclaration *declaration)
{
	MemoryContext context = AllocSetContextCreate(run->context, "schemaflow declaration", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ErrorContextCallback callback = {error_context_stack, sf_declaration_context, declaration};
	RawStmt    *stmt = sf_declaration_statement(declaration);
	ErrorData  *error;
	bool		goes_on = true;

	sf_block_begin(run);
	MemoryContextSwitchTo(context);
	remember_setting(run, stmt->stmt);
	run->unit = unit;
	run->declaration = declaration->n;
	error_context_stack = &callback;	/* notices of the statement */
	MemoryContextSwitchTo(run->context);	/* the error may be needed later */
	error = IsA(stmt->stmt, CreateExtensionStmt) && superuser_arg(owner) ?
		sf_worker_try_extension(stmt, declaration->text) : sf_worker_try_statement(stmt, declaration->text);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(caller);
	if (error != NULL)
		goes_on = sort_out(run, unit, owner, declaration, stmt, error);
	else
		sf_note_given(run);

	/* an enum value can be used once it is committed */
	if (++run->length >= BLOCK_LENGTH || IsA(stmt->stmt, AlterEnumStmt))
		sf_block_end(run);
	MemoryContextDelete(context);
	return goes_on;
}

/*
 * A declaration failed.  It came too early, or wants more rights than its owner has, or is a dump's setting that
 * another major has, or cannot work in this place at all.  Else its error is raised.
 */
static bool
sort_out(SfRun *run, const SfUnit *unit, Oid owner, SfDeclaration *declaration, RawStmt *stmt, ErrorData *error)
{
	SfPending    *pending;
	bool		privileged = error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE && runs_no_code(stmt->stmt);
	bool		early = !IsA(stmt->stmt, VariableSetStmt) && sf_came_too_early(error);

	if (!run->fresh && needs_commits(error))
	{
		sf_send_word(SF_ROW_FRESH);
		return false;
	}
	if (IsA(stmt->stmt, VariableSetStmt) && declaration->dump && error->sqlerrcode == ERRCODE_UNDEFINED_OBJECT)
	{
		ereport(NOTICE,
				(errmsg("skipped %s in unit \"%s\", line %d: %s", declaration->text, declaration->unit,
						declaration->line, error->message)));
		return true;
	}
	if (!privileged && !early)
		raise_for(declaration, error);

	pending = palloc0(sizeof(SfPending));
	pending->unit = unit;
	pending->owner = owner;
	pending->declaration = declaration;
	pending->search_path = pstrdup(GetConfigOption("search_path", false, false));
	pending->error = error;
	if (privileged)
		run->privileged = lappend(run->privileged, pending);
	else
		run->early = lappend(run->early, pending);
	return true;
}

/* Rounds over what came too early, until nothing is left or a round brings nothing. */
bool
sf_run_early(SfRun *run)
{
	while (run->early != NIL)
	{
		List	   *round = run->early;
		ListCell   *lc;

		run->early = NIL;
		foreach(lc, round)
		{
			SfPending    *pending = lfirst(lc);
			SfDeclaration *declaration = pending->declaration;
			char	   *search_path = pstrdup(GetConfigOption("search_path", false, false));

			sf_block_end(run);
			sf_worker_become(pending->owner);
			sf_block_begin(run);
			set_setting("search_path", pending->search_path);
			if (!run_declaration(run, pending->unit, pending->owner, declaration))
				return false;
			sf_block_begin(run);
			set_setting("search_path", search_path);
			if (pending->unit->sql != NULL &&
				(run->early == NIL || ((SfPending *) llast(run->early))->declaration != declaration))
				ereport(NOTICE,
						(errmsg("unit \"%s\", line %d: %s was run later than written", declaration->unit,
								declaration->line, declaration->tag),
						 errdetail("It needs what is declared behind it: %s.", pending->error->message)));
			CHECK_FOR_INTERRUPTS();
		}
		if (list_length(run->early) == list_length(round))
		{
			SfPending    *first = linitial(round);

			if (!run->extend && wants_extension(run, first->error))
			{
				sf_send_word(SF_ROW_EXTEND);
				return false;
			}
			raise_for(first->declaration, first->error);
		}
	}
	sf_block_end(run);
	return true;
}

/* What only needed rights; nothing of the text runs after this. */
void
sf_run_privileged(SfRun *run)
{
	ListCell   *lc;

	if (run->privileged == NIL)
		return;
	sf_block_end(run);
	sf_worker_become_bootstrap();
	foreach(lc, run->privileged)
	{
		SfPending    *pending = lfirst(lc);
		RawStmt    *stmt = sf_declaration_statement(pending->declaration);
		ErrorContextCallback callback = {error_context_stack, sf_declaration_context, pending->declaration};
		ErrorData  *error;

		sf_block_begin(run);
		set_setting("search_path", pending->search_path);
		run->unit = pending->unit;
		run->declaration = pending->declaration->n;
		error_context_stack = &callback;
		error = sf_worker_try_statement(stmt, pending->declaration->text);
		error_context_stack = callback.previous;
		if (error != NULL)
			raise_for(pending->declaration, error);
		CHECK_FOR_INTERRUPTS();
	}
	sf_block_end(run);
}

/* A value used in the transaction that adds it, or more locks than the lock table has: commits help. */
static bool
needs_commits(const ErrorData *error)
{
	static const int codes[] = {ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE, ERRCODE_OUT_OF_MEMORY};

	return sf_is_one_of(error->sqlerrcode, codes, lengthof(codes));
}

/* May an extension of live that the text does not ask for be what is missing? */
static bool
wants_extension(SfRun *run, const ErrorData *error)
{
	return run->live_extensions != NIL && error->sqlerrcode != ERRCODE_UNDEFINED_SCHEMA;
}

bool
sf_is_one_of(int sqlerrcode, const int *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i] == sqlerrcode)
			return true;
	return false;
}

bool
sf_came_too_early(const ErrorData *error)
{
	return sf_is_one_of(error->sqlerrcode, too_early, lengthof(too_early));
}

static bool
runs_no_code(const Node *stmt)
{
	ListCell   *lc;

	for (int i = 0; i < lengthof(no_code); i++)
		if (no_code[i] == nodeTag(stmt))
			return true;
	if (!IsA(stmt, AlterTableStmt))
		return false;
	foreach(lc, ((const AlterTableStmt *) stmt)->cmds)
		if (lfirst_node(AlterTableCmd, lc)->subtype != AT_ChangeOwner)
			return false;
	return true;
}

/* ---- settings of a unit's text end with the unit ---- */

static void
remember_setting(SfRun *run, const Node *stmt)
{
	const char *name = NULL;
	char	   *value;
	SfSetting    *setting;
	MemoryContext caller;
	ListCell   *lc;

	if (IsA(stmt, VariableSetStmt))
		name = ((const VariableSetStmt *) stmt)->name;
	else if (IsA(stmt, SelectStmt))
		name = "search_path";	/* set_config() in a dump */
	if (name == NULL)
		return;
	foreach(lc, run->settings)
		if (pg_strcasecmp(((SfSetting *) lfirst(lc))->name, name) == 0)
			return;
	value = GetConfigOptionByName(name, NULL, true);
	if (value == NULL)
		return;
	caller = MemoryContextSwitchTo(run->context);
	setting = palloc(sizeof(SfSetting));
	setting->name = pstrdup(name);
	setting->value = pstrdup(value);
	run->settings = lappend(run->settings, setting);
	MemoryContextSwitchTo(caller);
}

static void
restore_settings(SfRun *run)
{
	ListCell   *lc;

	foreach(lc, run->settings)
		set_setting(((SfSetting *) lfirst(lc))->name, ((SfSetting *) lfirst(lc))->value);
	run->settings = NIL;
}

static void
set_setting(const char *name, const char *value)
{
	(void) set_config_option(name, value, superuser() ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET, true, 0,
							 false);
}

/* ---- errors ---- */

/* The call to make next, where the server's own error has no hint. */
static const struct
{
	int			sqlerrcode;
	const char *hint;
}			hints[] = {
	{ERRCODE_UNDEFINED_TABLE,
	"Declare it in this unit or record the unit that has it first: a model sees only itself."},
	{ERRCODE_UNDEFINED_FUNCTION,
	"Declare it in this unit or record the unit that has it first: a model sees only itself."},
	{ERRCODE_UNDEFINED_SCHEMA,
	"Add CREATE SCHEMA to the model, or to a unit that is recorded before."},
	{ERRCODE_UNDEFINED_OBJECT,
	"Declare it in the model; what belongs to the server, as a role, has to be there before."},
	{ERRCODE_DUPLICATE_TABLE,
	"Another declaration of the model has it: leave one out. SELECT sf_model_ddl() shows the model."},
	{ERRCODE_DUPLICATE_OBJECT,
	"Another declaration of the model has it: leave one out. SELECT sf_model_ddl() shows the model."}
};

/* The error has the declaration in its context already. */
static void
raise_for(const SfDeclaration *declaration, ErrorData *error)
{
	/* a client would show the position in the query that called us: show the declaration instead */
	if (error->cursorpos > 0 && error->internalquery == NULL && strlen(declaration->text) < LONG_TEXT)
	{
		error->internalpos = error->cursorpos;
		error->internalquery = pstrdup(declaration->text);
	}
	error->cursorpos = 0;
	for (int i = 0; i < lengthof(hints) && error->hint == NULL; i++)
		if (hints[i].sqlerrcode == error->sqlerrcode)
			error->hint = pstrdup(hints[i].hint);
	sf_hint_again(error, declaration->unit);
	ReThrowError(error);
}

void
sf_run_text(const char *sql)
{
	List	   *raw = raw_parser(sql, RAW_PARSE_DEFAULT);
	ListCell   *lc;

	foreach(lc, raw)
		sf_worker_statement(lfirst(lc), sql);
}

