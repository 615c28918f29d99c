/*
 * secrets.c - tokens for secrets, and back (secrets.h).
 *
 * Protocol: no locks beyond those of the queries; reads and writes of our tables as the extension's owner
 * (server/owner.h).  In a scratch, which has none of our tables, there are only tokens.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "facts/secrets.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "server/owner.h"

#define DIGEST_BYTES	8		/* of a token: nobody will meet a collision */

typedef struct Hiding
{
	List	   *found;			/* of SfSecret */
	bool		keep;
} Hiding;

static const char *
read_key(void)
{
	SfOwnerState owner;
	char	   *key;

	sf_owner_enter(&owner);
	key = sf_query_text("SELECT key FROM schemaflow.secret_key", 0, NULL);
	sf_owner_leave(&owner);
	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the key of the secrets is gone"),
				 errdetail("Table schemaflow.secret_key is empty."),
				 errhint("Make the extension again: DROP EXTENSION schemaflow; CREATE EXTENSION schemaflow.")));
	return key;
}

static char *
token_of(const char *place, const char *value)
{
	const char *key = read_key();
	pg_hmac_ctx *hmac = pg_hmac_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char		hex[2 * DIGEST_BYTES + 1];

	/* The place's end is part of it: "a" in "b c" is not "c a" in "b". */
	if (hmac == NULL || pg_hmac_init(hmac, (const uint8 *) key, strlen(key)) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) place, strlen(place) + 1) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) value, strlen(value)) < 0 ||
		pg_hmac_final(hmac, digest, sizeof(digest)) < 0)
		elog(ERROR, "cannot happen: no HMAC");
	pg_hmac_free(hmac);
	for (int i = 0; i < DIGEST_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return sf_secret_token(hex);
}

static char *
hide(const char *place, const char *value, void *arg)
{
	Hiding	   *hiding = arg;
	SfSecret   *secret;

	if (sf_is_secret_token(value))
		return NULL;
	secret = palloc(sizeof(SfSecret));
	*secret = (SfSecret) {pstrdup(place), token_of(place, value), pstrdup(value)};
	if (hiding->keep)
		hiding->found = lappend(hiding->found, secret);
	return secret->token;
}

void
sf_secrets_hide(SfFactBase *base)
{
	MemoryContext caller = MemoryContextSwitchTo(base->context);
	Hiding		hiding = {NIL};
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		for (int i = 0; i < fact->kind->nattrs; i++)
		{
			/* What the server hides from the reader is compared for him, and not kept to be used for him. */
			hiding.keep = (fact->kind->attrs[i].flags & SF_ATTR_HIDDEN) == 0 || superuser();
			fact->attr[i] = sf_fact_attr_swapped(fact, i, hide, &hiding);
		}
	}
	base->secrets = hiding.found;
	MemoryContextSwitchTo(caller);
}

List *
sf_secrets_hide_text(SfUnit *unit)
{
	Hiding		hiding = {NIL, true};

	/* From the end, so that what stands before is still where it was. */
	for (int i = list_length(unit->declarations) - 1; i >= 0; i--)
	{
		SfDeclaration *declaration = list_nth(unit->declarations, i);
		Node	   *statement = copyObject(declaration->statement->stmt);
		List	   *swapped = sf_statement_swap_secrets(statement, hide, &hiding);
		List	   *olds = NIL;
		List	   *news = NIL;
		ListCell   *lc;

		foreach(lc, swapped)
		{
			olds = lappend(olds, ((SfSwapped *) lfirst(lc))->old);
			news = lappend(news, ((SfSwapped *) lfirst(lc))->new);
		}
		if (swapped)
			sf_replace_literals(unit, declaration, olds, news);
	}
	return hiding.found;
}

void
sf_secrets_keep(List *secrets)
{
	SfOwnerState owner;
	ListCell   *lc;

	if (secrets == NIL)
		return;
	sf_owner_enter(&owner);
	foreach(lc, secrets)
	{
		const SfSecret *secret = lfirst(lc);
		const char *args[] = {sf_origin_system(), sf_origin_database(), secret->place, secret->token, secret->value};

		sf_execute("INSERT INTO schemaflow.secret (system_identifier, database_oid, place, token, value, recorded_at) "
				   "VALUES ($1::pg_catalog.int8, $2::pg_catalog.oid, $3, $4, $5, pg_catalog.clock_timestamp()) "
				   "ON CONFLICT (system_identifier, database_oid, place, token) DO UPDATE "
				   "SET recorded_at = excluded.recorded_at", lengthof(args), args);
	}
	/* Nobody can ask for the others any more. */
	sf_execute("DELETE FROM schemaflow.secret s WHERE NOT EXISTS (SELECT FROM schemaflow.declaration "
			   "WHERE pg_catalog.strpos(facts, s.token) OPERATOR(pg_catalog.>) 0) AND NOT EXISTS (SELECT FROM "
			   "schemaflow.step WHERE pg_catalog.strpos(sql, s.token) OPERATOR(pg_catalog.>) 0) AND NOT EXISTS "
			   "(SELECT FROM schemaflow.start WHERE pg_catalog.strpos(facts, s.token) OPERATOR(pg_catalog.>) 0)",
			   0, NULL);
	sf_owner_leave(&owner);
}

/*
 * What the token stands for; else, of a migration that came from elsewhere, what was last recorded here for the
 * place.
 */
static char *
reveal(const char *place, const char *value, void *arg)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), place, value};
	SfOwnerState owner;
	char	   *known;

	if (!sf_is_secret_token(value))
		return NULL;
	sf_owner_enter(&owner);
	known = sf_query_text("SELECT value FROM schemaflow.secret WHERE " SF_ORIGIN_IS_OURS
						  " AND place OPERATOR(pg_catalog.=) $3 "
						  "ORDER BY token OPERATOR(pg_catalog.=) $4 DESC, recorded_at DESC LIMIT 1",
						  lengthof(args), args);
	sf_owner_leave(&owner);
	if (known == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the secret %s is not known here", value),
				 errdetail("Secrets do not travel with dumps and migrations. This one belongs to %s.", place),
				 errhint("Record the model in this database with the value in it: SELECT * FROM sf_define(ddl).")));
	return known;
}

void
sf_secrets_reveal(Node *statement)
{
	(void) sf_statement_swap_secrets(statement, reveal, NULL);
}
