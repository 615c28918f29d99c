/*
 * extension.c - extensions that a text needs, in the scratch.
 *
 * They are made as the bootstrap superuser before any statement of the text has run: an extension's script must
 * not meet a function or an operator that the text's author has put in its way.  In a kept scratch they go with the
 * transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_namespace.h"
#include "commands/extension.h"
#include "commands/schemacmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/internal.h"

/* $1 extension, $2 version: what it requires, or NULL when there is no such version. */
static const char requires_query[] =
"SELECT coalesce(v.requires::pg_catalog.text[], '{}')::pg_catalog.text "
"FROM pg_catalog.pg_available_extension_versions v "
"WHERE v.name OPERATOR(pg_catalog.=) $1::pg_catalog.name AND v.version OPERATOR(pg_catalog.=) $2";

static const char default_version_query[] =
"SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name OPERATOR(pg_catalog.=) $1::pg_catalog.name";

static const char trusted_query[] =
"SELECT 't' FROM pg_catalog.pg_available_extension_versions v "
"JOIN pg_catalog.pg_available_extensions e ON e.name OPERATOR(pg_catalog.=) v.name "
"AND e.default_version OPERATOR(pg_catalog.=) v.version "
"WHERE v.name OPERATOR(pg_catalog.=) $1::pg_catalog.name AND (v.trusted OR NOT v.superuser)";

/* Of the role that the text runs as. */
static bool author_is_superuser;

/*
 * The version to make: live's, or what the server's files offer now.
 */
static const char *
available_version(const char *name, const char *live_version, int *nrequires, char ***requires)
{
	const char *args[2] = {name, live_version};
	const char *version = live_version;
	char	   *list = sf_query_text(requires_query, 2, args);

	if (!list)
	{
		version = sf_query_text(default_version_query, 1, args);
		if (!version)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("extension \"%s\" is not available on this server any more", name),
					 errdetail("The database has version %s of it, but its files are gone.", live_version),
					 errhint("Install the extension's package again, or DROP EXTENSION %s.", sf_ident(name))));
		ereport(NOTICE,
				(errmsg("the model is checked with version %s of extension \"%s\"", version, name),
				 errdetail("The database has version %s, which the server has no files of any more.", live_version),
				 errhint("ALTER EXTENSION %s UPDATE.", sf_ident(name))));
		args[1] = version;
		list = sf_query_text(requires_query, 2, args);
	}
	*nrequires = list ? sf_text_array_in(list, requires) : 0;
	return version;
}

/*
 * The version of an extension that live has not got yet: only what the text's owner could create there, too.
 */
static const char *
new_version(const char *name)
{
	const char *args[1] = {name};
	char	   *version = sf_query_text(default_version_query, 1, args);

	if (!version)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"%s\" is not available", name),
				 errdetail("The server has no files of it."),
				 errhint("Install the extension's package, then make the call again.")));
	if (!author_is_superuser && sf_query_text(trusted_query, 1, args) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("extension \"%s\" is not installed in this database", name),
				 errdetail("Only a superuser may create it."),
				 errhint("Have a superuser CREATE EXTENSION %s, then make the call again.", sf_ident(name))));
	return version;
}

static bool
make_schema(const char *schema)
{
	Oid			oid = get_namespace_oid(schema, true);
	Oid			owner = sf_worker_request()->role;

	if (OidIsValid(oid))
		return false;
	/* The text will declare it, as its owner. */
	(void) NamespaceCreate(schema, owner, false);
	CommandCounterIncrement();
	return true;
}

static bool
make_extension(const char *name, const char *schema, int depth)
{
	const char *live_schema;
	const char *live_version = sf_worker_live_extension(name, &live_schema);
	const char *version;
	CreateExtensionStmt *stmt;
	int			nrequires;
	char	  **requires;
	bool		made_schema;

	check_stack_depth();
	if (OidIsValid(get_extension_oid(name, true)))
		return false;
	if (strcmp(name, "schemaflow") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("extension \"schemaflow\" cannot be part of a model"),
				 errdetail("It plans the schema and is not planned itself."),
				 errhint("Leave out CREATE EXTENSION schemaflow.")));
	if (!live_version)
	{
		live_version = new_version(name);
		live_schema = "public";
	}

	version = available_version(name, live_version, &nrequires, &requires);
	for (int i = 0; i < nrequires; i++)
		(void) make_extension(requires[i], NULL, depth + 1);

	if (!schema)
		schema = live_schema;
	made_schema = make_schema(schema);
	stmt = makeNode(CreateExtensionStmt);
	stmt->extname = pstrdup(name);
	stmt->if_not_exists = true;
	stmt->options = list_make2(makeDefElem("new_version", (Node *) makeString(pstrdup(version)), -1),
							   makeDefElem("schema",	/* an option, not a kind */
										   (Node *) makeString(pstrdup(schema)), -1));
	(void) CreateExtension(NULL, stmt);
	CommandCounterIncrement();
	return made_schema;
}

bool
sf_worker_extension(const char *name, const char *schema)
{
	bool		own_transaction = !IsTransactionState();
	bool		before;
	bool		made_schema;
	Oid			user;
	int			context;
	int			level;

	if (sf_worker_request()->place == SF_JOB_LIVE || sf_worker_has_run())
		elog(ERROR, "extensions are made in scratches, before the first statement");	/* cannot happen */
	if (own_transaction)
		sf_worker_begin();
	level = sf_pins_enter();
	before = sf_allow_everything(true);
	GetUserIdAndSecContext(&user, &context);
	author_is_superuser = superuser_arg(user);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	made_schema = make_extension(name, schema, 0);
	SetUserIdAndSecContext(user, context);
	(void) sf_allow_everything(before);
	sf_pins_leave(level);
	if (own_transaction)
		sf_worker_commit();
	return made_schema;
}

void
sf_worker_install(int n, const char *const *statements)
{
	bool		own_transaction = !IsTransactionState();
	int			level;
	bool		before;
	Oid			user;
	int			context;

	if (sf_worker_request()->place == SF_JOB_LIVE || sf_worker_has_run())
		elog(ERROR, "our own objects are made in scratches, before the first statement"); /* cannot happen */
	if (own_transaction)
		sf_worker_begin();
	level = sf_pins_enter();
	before = sf_allow_everything(true);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	for (int i = 0; i < n; i++)
		(void) sf_execute(statements[i], 0, NULL);
	SetUserIdAndSecContext(user, context);
	(void) sf_allow_everything(before);
	sf_pins_leave(level);
	if (own_transaction)
		sf_worker_commit();
}

struct ErrorData *
sf_worker_try_extension(RawStmt *statement, const char *source)
{
	CreateExtensionStmt *stmt = castNode(CreateExtensionStmt, statement->stmt);
	const char *live_schema;
	const char *live_version = sf_worker_live_extension(stmt->extname, &live_schema);
	bool		said = false;
	bool		before;
	ErrorData  *error;
	ListCell   *lc;

	if (!superuser())
		elog(ERROR, "only a superuser's extensions are made in their place");	/* cannot happen */
	foreach(lc, stmt->options)
		said = said || strcmp(((DefElem *) lfirst(lc))->defname, "new_version") == 0;
	if (!said && live_version && !OidIsValid(get_extension_oid(stmt->extname, true)))
	{
		int			nrequires;
		char	  **requires;
		int			level = sf_pins_enter();
		const char *version = available_version(stmt->extname, live_version, &nrequires, &requires);

		sf_pins_leave(level);
		stmt->options = lappend(stmt->options, makeDefElem("new_version", (Node *) makeString(pstrdup(version)), -1));
	}
	before = sf_allow_everything(true);
	error = sf_worker_try_statement(statement, source);
	(void) sf_allow_everything(before);
	return error;
}
