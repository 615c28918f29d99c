/*
 * parse.c - split a unit's text, decide what of it is run (parse.h).
 *
 * Protocol: no catalog access; everything in the current memory context.  The text is scanned with
 * standard_conforming_strings on, whatever the session says: that is what every tool writes.
 */
#include "postgres.h"

#include <ctype.h>

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "tcop/cmdtag.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "lib/text.h"
#include "model/comments.h"
#include "model/parse.h"

#define OWN_EXTENSION	"schemaflow"

/* What happens to a statement of a text. */
typedef enum Treatment
{
	RUN,
	SKIP,						/* says nothing about the schema */
	SKIP_NOTICE,				/* the same, but the user should know */
	DATA,						/* a dump: skipped with a notice; else refused */
	REFUSE						/* changes who runs the text */
} Treatment;

/* Statements that are treated by their sort alone; others are run, or looked at by treat_statement(). */
static const struct
{
	NodeTag		tag;
	Treatment	how;
}			treatments[] = {
	{T_TransactionStmt, SKIP},	/* tools write BEGIN; ... COMMIT; */
	{T_LockStmt, SKIP},
	{T_InsertStmt, DATA},
	{T_UpdateStmt, DATA},
	{T_DeleteStmt, DATA},
	{T_MergeStmt, DATA},
	{T_CopyStmt, DATA},
	{T_TruncateStmt, DATA},
	{T_ExplainStmt, DATA},
	{T_GrantRoleStmt, SKIP_NOTICE}, /* roles are the cluster's: referred to, not managed */
};

/* Settings that say nothing about the schema, or that the scratch needs as they are. */
static const char *const skipped_settings[] = {
	"client_encoding", "client_min_messages", "lock_timeout", "statement_timeout", "transaction_timeout",
	"idle_session_timeout", "idle_in_transaction_session_timeout", "synchronous_commit", NULL
};

/* Settings that would change who runs the text. */
static const char *const refused_settings[] = {"role", "session_authorization", NULL};

/* Functions whose call moves data. */
static const char *const data_functions[] = {
	"setval", "nextval", "lo_create", "lo_from_bytea", "lo_put", "lo_open", "lo_close", "lowrite", "lo_unlink",
	"lo_creat", "lo_import", NULL
};

typedef struct ParsePosition
{
	const SfText *text;
} ParsePosition;

static List *parse_code(const SfText *text);
static void parse_error(void *arg);
static Treatment treat_statement(const Node *stmt);
static Treatment treat_select(const SelectStmt *select);
static bool only_grants(List *all, ListCell *lc, const char **grantor);
static bool in_list(const char *word, const char *const *list);
static void skip_or_refuse(const SfDeclaration *declaration, Treatment how, bool dump, int *data);

List *
sf_parse_unit(const char *unit, const char *source)
{
	SfText	   *text = sf_text_read(unit, source);
	List	   *raw = parse_code(text),
			   *all = NIL,
			   *run = NIL;
	int		   *offsets = palloc(sizeof(int) * (list_length(raw) + 1)),
			   *ends = palloc(sizeof(int) * (list_length(raw) + 1)),
				n = 0,
				data = 0;
	const char *grantor = NULL;
	ListCell   *lc;

	foreach(lc, raw)
	{
		RawStmt    *stmt = lfirst_node(RawStmt, lc);
		SfDeclaration *declaration = palloc0(sizeof(SfDeclaration));
		int			from = stmt->stmt_location,
					end = stmt->stmt_len > 0 ? from + stmt->stmt_len : text->len;

		while (from < end && isspace((unsigned char) text->code[from]))
			from++;
		while (end > from && isspace((unsigned char) text->code[end - 1]))
			end--;
		offsets[n] = from;
		ends[n] = end;
		declaration->unit = pstrdup(unit);
		declaration->n = ++n;
		declaration->line = sf_text_line(text, from);
		declaration->offset = from;
		declaration->text = pnstrdup(source + from, end - from);
		declaration->tag = GetCommandTagName(CreateCommandTag(stmt->stmt));
		declaration->statement = stmt;
		declaration->dump = text->dump;
		all = lappend(all, declaration);
		CHECK_FOR_INTERRUPTS();
	}
	sf_hints_attach(text, all, offsets, ends);

	foreach(lc, all)
	{
		SfDeclaration *declaration = lfirst(lc);
		Treatment	how = treat_statement(declaration->statement->stmt);

		if (how == REFUSE && only_grants(all, lc, &grantor))
			continue;
		if (grantor != NULL)
			declaration->text = psprintf("%s GRANTED BY %s", declaration->text, sf_ident(grantor));
		if (how == RUN)
		{
			declaration->hash = sf_declaration_hash(declaration->text);
			run = lappend(run, declaration);
		}
		else
			skip_or_refuse(declaration, how, text->dump, &data);
	}
	if (data > 0)
		ereport(NOTICE,
				(errmsg_plural("skipped %d data statement of the dump in unit \"%s\"",
							   "skipped %d data statements of the dump in unit \"%s\"", data, data, unit)));
	return run;
}

/* The setting of a role, NULL: another statement; *role is NULL for its end, empty for what is no name. */
static const VariableSetStmt *
role_switch(const SfDeclaration *declaration, const char **role)
{
	const VariableSetStmt *set = (const VariableSetStmt *) declaration->statement->stmt;

	if (!IsA(set, VariableSetStmt) || set->name == NULL || !in_list(set->name, refused_settings))
		return NULL;
	*role = NULL;
	if (set->kind == VAR_SET_VALUE)
	{
		const A_Const *value = linitial_node(A_Const, set->args);

		*role = IsA(&value->val, String) ? strVal(&value->val) : "";
		if (strcmp(*role, "none") == 0)
			*role = NULL;
	}
	return set;
}

/*
 * Does a switch of the role begin, or end, a run of GRANT and REVOKE and nothing else?  That is how pg_dump has others
 * than the owner grant; it becomes GRANTED BY.
 */
static bool
only_grants(List *all, ListCell *lc, const char **grantor)
{
	const char *before = *grantor;
	const char *role;
	int			grants = 0;

	if (role_switch(lfirst(lc), &role) == NULL)
		return false;
	*grantor = role;
	if (role == NULL)
		return before != NULL;
	for (lc = lnext(all, lc); lc != NULL && role_switch(lfirst(lc), &role) == NULL; lc = lnext(all, lc))
	{
		if (!IsA(((SfDeclaration *) lfirst(lc))->statement->stmt, GrantStmt))
			return false;
		grants++;
	}
	return grants > 0;
}

RawStmt *
sf_declaration_statement(const SfDeclaration *declaration)
{
	/* The comments are still in this text; the server's scanner drops them. */
	bool		saved = standard_conforming_strings;
	List	   *raw;
	RawStmt    *stmt;
	Node	   *node;

	standard_conforming_strings = true;
	PG_TRY();
	{
		raw = raw_parser(declaration->text, RAW_PARSE_DEFAULT);
	}
	PG_FINALLY();
	{
		standard_conforming_strings = saved;
	}
	PG_END_TRY();
	if (list_length(raw) != 1)
		elog(ERROR, "cannot happen: stored declaration %d of unit \"%s\" has %d statements",
			 declaration->n, declaration->unit, list_length(raw));
	stmt = linitial_node(RawStmt, raw);
	node = stmt->stmt;

	if (IsA(node, IndexStmt))
		castNode(IndexStmt, node)->concurrent = false;
	else if (IsA(node, DropStmt))
		castNode(DropStmt, node)->concurrent = false;
	else if (IsA(node, VariableSetStmt))
		castNode(VariableSetStmt, node)->is_local = false;
	return stmt;
}

const char *
sf_statement_object(const Node *node)
{
	const RangeVar *rel = NULL;
	const List *names = NIL;

	switch (nodeTag(node))
	{
		case T_CreateStmt:
			rel = ((const CreateStmt *) node)->relation;
			break;
		case T_CreateForeignTableStmt:
			rel = ((const CreateForeignTableStmt *) node)->base.relation;
			break;
		case T_CreateTableAsStmt:
			rel = ((const CreateTableAsStmt *) node)->into->rel;
			break;
		case T_ViewStmt:
			rel = ((const ViewStmt *) node)->view;
			break;
		case T_CreateSeqStmt:
			rel = ((const CreateSeqStmt *) node)->sequence;
			break;
		case T_CompositeTypeStmt:
			rel = ((const CompositeTypeStmt *) node)->typevar;
			break;
		case T_CreateEnumStmt:
			names = ((const CreateEnumStmt *) node)->typeName;
			break;
		case T_CreateRangeStmt:
			names = ((const CreateRangeStmt *) node)->typeName;
			break;
		case T_CreateDomainStmt:
			names = ((const CreateDomainStmt *) node)->domainname;
			break;
		case T_CreateFunctionStmt:
			names = ((const CreateFunctionStmt *) node)->funcname;
			break;
		case T_DefineStmt:
			names = ((const DefineStmt *) node)->defnames;	/* aggregates, base types, collations, text search... */
			break;
		case T_CreateOpClassStmt:
			names = ((const CreateOpClassStmt *) node)->opclassname;
			break;
		case T_CreateOpFamilyStmt:
			names = ((const CreateOpFamilyStmt *) node)->opfamilyname;
			break;
		case T_CreateConversionStmt:
			names = ((const CreateConversionStmt *) node)->conversion_name;
			break;
		case T_CreatePLangStmt:
			return ((const CreatePLangStmt *) node)->plname;
		case T_CreateStatsStmt:
			names = ((const CreateStatsStmt *) node)->defnames;
			break;
		case T_IndexStmt:
			return ((const IndexStmt *) node)->idxname;
		case T_CreateSchemaStmt:
			return ((const CreateSchemaStmt *) node)->schemaname;
		case T_CreateTrigStmt:
			return ((const CreateTrigStmt *) node)->trigname;
		case T_CreatePolicyStmt:
			return ((const CreatePolicyStmt *) node)->policy_name;
		case T_RuleStmt:
			return ((const RuleStmt *) node)->rulename;
		case T_CreateEventTrigStmt:
			return ((const CreateEventTrigStmt *) node)->trigname;
		case T_CreateFdwStmt:
			return ((const CreateFdwStmt *) node)->fdwname;
		case T_CreateForeignServerStmt:
			return ((const CreateForeignServerStmt *) node)->servername;
		case T_CreatePublicationStmt:
			return ((const CreatePublicationStmt *) node)->pubname;
		case T_CreateSubscriptionStmt:
			return ((const CreateSubscriptionStmt *) node)->subname;
		case T_AlterTableStmt:
			rel = ((const AlterTableStmt *) node)->relation;	/* ADD COLUMN and ADD CONSTRAINT carry hints, too */
			break;
		default:
			return NULL;
	}
	if (rel != NULL)
		return rel->relname;
	return names == NIL ? NULL : strVal(llast(names));
}

void
sf_declaration_context(void *arg)
{
	errcontext("%s", sf_declaration_label(arg));
}

char *
sf_declaration_label(const SfDeclaration *declaration)
{
	return psprintf(_("declaration %d of unit \"%s\", line %d: %s"), declaration->n, declaration->unit,
					declaration->line, declaration->tag);
}

static List *
parse_code(const SfText *text)
{
	bool		saved = standard_conforming_strings;
	ParsePosition position = {text};
	ErrorContextCallback callback = {error_context_stack, parse_error, &position};
	MemoryContext caller = CurrentMemoryContext;
	List	   *raw = NIL;

	standard_conforming_strings = true;
	PG_TRY();
	{
		error_context_stack = &callback;
		raw = raw_parser(text->code, RAW_PARSE_DEFAULT);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		standard_conforming_strings = saved;
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		sf_hint_again(error, text->unit);
		ReThrowError(error);
	}
	PG_END_TRY();
	standard_conforming_strings = saved;
	return raw;
}

void
sf_hint_again(ErrorData *error, const char *unit)
{
	if (error->hint == NULL)
		error->hint = psprintf(_("Nothing was recorded. Correct the text and record it again: "
								 "SELECT * FROM sf_define(%s, ddl)."), sf_literal(unit));
}

/*
 * The parser's position counts characters of the unit, but a client would show it in the query that called us: show the
 * line of the unit instead.
 */
static void
parse_error(void *arg)
{
	const SfText *text = ((ParsePosition *) arg)->text;
	int			position = geterrposition();
	int			offset,
				line,
				from,
				to;

	if (position <= 0)
		return;
	offset = pg_mbcharcliplen(text->code, text->len, position - 1);
	/* a scanner's complaint about an unclosed quote or "end of input" points at its start or at the end */
	line = sf_text_line(text, offset);
	from = text->lines[line - 1];
	to = line < text->nlines ? text->lines[line] - 1 : text->len;
	if (to - from > 400)
	{
		from += pg_mbcliplen(text->text + from, to - from, Max(0, offset - from - 200));
		to = from + pg_mbcliplen(text->text + from, to - from, 400);
	}
	errposition(0);
	internalerrposition(pg_mbstrlen_with_len(text->text + from, Max(0, offset - from)) + 1);
	internalerrquery(pnstrdup(text->text + from, to - from));
	errcontext("declaration %d of unit \"%s\", line %d", sf_text_statement(text, offset), text->unit, line);
}

/* What all databases share is referred to by a model, and not managed. */
static bool
about_the_cluster(ObjectType type)
{
	return type == OBJECT_DATABASE || type == OBJECT_ROLE || type == OBJECT_TABLESPACE;
}

static Treatment
treat_statement(const Node *stmt)
{
	for (int i = 0; i < lengthof(treatments); i++)
		if (treatments[i].tag == nodeTag(stmt))
			return treatments[i].how;

	if (IsA(stmt, VariableSetStmt))
	{
		const VariableSetStmt *set = (const VariableSetStmt *) stmt;

		if (set->kind == VAR_SET_MULTI)
			return SKIP;		/* SET TRANSACTION: there is one transaction, ours */
		if (set->kind == VAR_RESET_ALL)
			return SKIP_NOTICE;
		return in_list(set->name, refused_settings) ? REFUSE : in_list(set->name, skipped_settings) ? SKIP : RUN;
	}
	if (IsA(stmt, SelectStmt))
		return treat_select((const SelectStmt *) stmt);
	if (IsA(stmt, CreateExtensionStmt))
		return strcmp(((const CreateExtensionStmt *) stmt)->extname, OWN_EXTENSION) == 0 ? SKIP_NOTICE : RUN;
	if (IsA(stmt, CommentStmt) && about_the_cluster(((const CommentStmt *) stmt)->objtype))
		return SKIP_NOTICE;
	if (IsA(stmt, CommentStmt) && ((const CommentStmt *) stmt)->objtype == OBJECT_EXTENSION)
		return strcmp(strVal(((const CommentStmt *) stmt)->object), OWN_EXTENSION) == 0 ? SKIP : RUN;
	return RUN;
}

/* Calls of functions may make objects; everything else that SELECT does is about data. */
static Treatment
treat_select(const SelectStmt *select)
{
	ListCell   *lc;

	if (select->intoClause != NULL)
		return RUN;
	if (select->valuesLists != NIL || select->op != SETOP_NONE || select->targetList == NIL)
		return DATA;
	foreach(lc, select->fromClause)
		if (!IsA(lfirst(lc), RangeFunction))
			return DATA;
	foreach(lc, select->targetList)
	{
		const Node *value = lfirst_node(ResTarget, lc)->val;
		const FuncCall *call = (const FuncCall *) value;
		const char *name;

		if (!IsA(value, FuncCall))
			continue;
		name = strVal(llast(call->funcname));
		if (in_list(name, data_functions))
			return DATA;
		if (strcmp(name, "set_config") == 0 && list_length(call->args) == 3 && IsA(linitial(call->args), A_Const))
		{
			const A_Const *setting = linitial(call->args);
			const char *word = IsA(&setting->val, String) ? strVal(&setting->val) : "";

			if (in_list(word, refused_settings))
				return REFUSE;
			if (in_list(word, skipped_settings))
				return SKIP;
		}
	}
	return RUN;
}

static bool
in_list(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (pg_strcasecmp(word, *list) == 0)
			return true;
	return false;
}

static void
skip_or_refuse(const SfDeclaration *declaration, Treatment how, bool dump, int *data)
{
	ErrorContextCallback callback = {error_context_stack, sf_declaration_context, (void *) declaration};

	error_context_stack = &callback;
	if (how == REFUSE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a model cannot change the role that it runs as"),
				 errdetail("Each unit runs with the rights of the role that recorded it."),
				 errhint("Leave the statement out, or record the part as its own unit under the other role.")));
	if (how == SKIP_NOTICE)
		ereport(NOTICE,
				(errmsg("skipped %s in unit \"%s\", line %d", declaration->tag, declaration->unit, declaration->line)));
	if (how == DATA)
	{
		if (!dump)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s is about data and cannot be part of a model", declaration->tag),
					 errdetail("A model describes the schema; it is run in an empty database and read back."),
					 errhint("Leave it out, and run it by itself when the migration has run.")));
		(*data)++;
	}
	error_context_stack = callback.previous;
}

char *
sf_declaration_hash(const char *text)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = palloc(PG_SHA256_DIGEST_STRING_LENGTH);
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL || pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (const uint8 *) text, strlen(text)) < 0 ||
		pg_cryptohash_final(ctx, digest, sizeof(digest)) < 0)
		elog(ERROR, "cannot happen: SHA-256 failed");
	pg_cryptohash_free(ctx);
	hex_encode((const char *) digest, sizeof(digest), hex);
	hex[2 * sizeof(digest)] = '\0';
	return hex;
}
