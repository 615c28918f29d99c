/*
 * secret.c - where secrets stand: passwords in options of servers and user mappings, connection strings.
 *
 * In facts they stand in attributes of the form "name 'value', name 'value'" (SF_ATTR_SECRET), in statements in the
 * parser's nodes.  A secret has a place, the same for both: the fact's key and the option's name.  Nobody but the
 * server sees the value: everywhere else a token stands for it (facts/secrets.h).  Pure; takes no locks.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/value.h"

#include "kinds/kind.h"

extern const SfKind sf_kind_server;
extern const SfKind sf_kind_user_mapping;
extern const SfKind sf_kind_subscription;

#define TOKEN_HEAD	"<secret:"

/* The clause of a subscription, kept like an option; what stands for it has to be a connection string, too. */
#define CONNECTION			"CONNECTION"
#define CONNECTION_HEAD		"password="

/* Options with one of these in their name hold secrets.  What everybody may know must stay: validators look at it. */
static const char *const secret_words[] = {
	"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "apikey", "api_key", "access_key",
	"private_key", "account_key"
};

/* ... unless the value only says yes or no: password_required. */
static const char *const no_secrets[] = {"true", "false", "on", "off", "yes", "no", "1", "0"};

bool
sf_is_secret_token(const char *text)
{
	return strncmp(text, TOKEN_HEAD, strlen(TOKEN_HEAD)) == 0 && text[strlen(text) - 1] == '>';
}

char *
sf_secret_token(const char *digest)
{
	return psprintf(TOKEN_HEAD "%s>", digest);
}

bool
sf_mentions_secret(const char *text)
{
	return strstr(text, TOKEN_HEAD) != NULL;
}

static bool
is_secret(const char *name, const char *value)
{
	char	   *lower = pstrdup(name);

	if (strcmp(name, CONNECTION) == 0)
		return true;
	for (int i = 0; i < lengthof(no_secrets); i++)
		if (pg_strcasecmp(value, no_secrets[i]) == 0)
			return false;
	for (char *p = lower; *p; p++)
		*p = pg_tolower((unsigned char) *p);
	for (int i = 0; i < lengthof(secret_words); i++)
		if (strstr(lower, secret_words[i]) != NULL)
			return true;
	return false;
}

/* The value that is to stand in the place of "value", or NULL: as it is. */
static char *
swapped(const char *owner, const char *name, const char *value, SfSecretSwap swap, void *arg)
{
	bool		connection = strcmp(name, CONNECTION) == 0;
	const char *inner = value;
	char	   *result;

	if (!is_secret(name, value))
		return NULL;
	if (connection && strncmp(value, CONNECTION_HEAD, strlen(CONNECTION_HEAD)) == 0 &&
		sf_is_secret_token(value + strlen(CONNECTION_HEAD)))
		inner = value + strlen(CONNECTION_HEAD);
	result = swap(psprintf("%s %s", owner, name), inner, arg);
	return result && connection && sf_is_secret_token(result) ? psprintf(CONNECTION_HEAD "%s", result) : result;
}

/* ---- in facts ---- */

static char *
unquoted(const char *literal)
{
	bool		escapes = *literal == 'E';
	char	   *value = palloc(strlen(literal) + 1);
	char	   *to = value;

	for (const char *from = literal + escapes + 1; *from && from[1]; from++)
	{
		if (*from == '\'' || (escapes && *from == '\\'))
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return value;
}

static char *
swap_in_text(const char *owner, const char *text, SfSecretSwap swap, void *arg)
{
	List	   *options = NIL;
	ListCell   *lc;

	foreach(lc, sf_split_options(text, ' '))
	{
		const SfOption *option = lfirst(lc);
		const char *literal = option->text + strlen(option->name) + 1;
		char	   *value = swapped(owner, option->name, unquoted(literal), swap, arg);

		options = lappend(options, value ? psprintf("%s %s", option->name, sf_literal(value)) : option->text);
	}
	return sf_join(options, ", ");
}

char *
sf_fact_attr_swapped(const SfFact *fact, int attr, SfSecretSwap swap, void *arg)
{
	if (fact->attr[attr] == NULL || (fact->kind->attrs[attr].flags & SF_ATTR_SECRET) == 0)
		return fact->attr[attr];
	return swap_in_text(fact->key, fact->attr[attr], swap, arg);
}

static char *
nothing_said(const char *place, const char *value, void *arg)
{
	return sf_secret_token("");
}

const char *
sf_fact_attr_public(const SfFact *fact, int attr)
{
	return sf_fact_attr_swapped(fact, attr, nothing_said, NULL);
}

/* ---- in statements ---- */

static void
swap_value(const char *owner, const char *name, char **value, SfSecretSwap swap, void *arg, List **done)
{
	SfSwapped  *one = palloc(sizeof(SfSwapped));

	one->old = *value;
	one->new = swapped(owner, name, one->old, swap, arg);
	if (one->new == NULL)
		return;
	*value = one->new;
	*done = lappend(*done, one);
}

/* Of the parser's DefElems; *done grows by what was swapped. */
static void
swap_in_options(const char *owner, List *options, SfSecretSwap swap, void *arg, List **done)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (option->arg && IsA(option->arg, String))
			swap_value(owner, sf_ident(option->defname), &strVal(option->arg), swap, arg, done);
	}
}

static const char *
role_name(const RoleSpec *role)
{
	if (role->roletype == ROLESPEC_CSTRING)
		return role->rolename;
	return role->roletype == ROLESPEC_PUBLIC ? "public" : GetUserNameFromId(GetUserId(), false);
}

#define OPTIONS_OF(Stmt, owner_kind, role) \
	case T_##Stmt: \
		names[0] = ((Stmt *) statement)->servername; \
		names[1] = (char *) (role); \
		swap_in_options(sf_fact_key((owner_kind)->name, names[1] ? 2 : 1, names), ((Stmt *) statement)->options, \
						swap, arg, &done); \
		break
#define CONNECTION_OF(Stmt) \
	case T_##Stmt: \
		names[0] = ((Stmt *) statement)->subname; \
		if (((Stmt *) statement)->conninfo) \
			swap_value(sf_fact_key(sf_kind_subscription.name, 1, names), CONNECTION, &((Stmt *) statement)->conninfo, \
					   swap, arg, &done); \
		break

List *
sf_statement_swap_secrets(Node *statement, SfSecretSwap swap, void *arg)
{
	List	   *done = NIL;
	char	   *names[2];

	switch (nodeTag(statement))
	{
			OPTIONS_OF(CreateForeignServerStmt, &sf_kind_server, NULL);
			OPTIONS_OF(AlterForeignServerStmt, &sf_kind_server, NULL);
			OPTIONS_OF(CreateUserMappingStmt, &sf_kind_user_mapping,
					   role_name(((CreateUserMappingStmt *) statement)->user));
			OPTIONS_OF(AlterUserMappingStmt, &sf_kind_user_mapping,
					   role_name(((AlterUserMappingStmt *) statement)->user));
			CONNECTION_OF(CreateSubscriptionStmt);
			CONNECTION_OF(AlterSubscriptionStmt);
		default:
			break;
	}
	return done;
}
