/*
 * refine_function.c - what stays stored of what a function gave before it was replaced.  See refine.c.
 *
 * The server replaces a function under an index, a stored column or a check without a word: what is stored was computed
 * by the old body.  Whether the new one gives the same nobody but the author knows, so the plan says where it lies and
 * how it is computed anew, and does nothing itself.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "risk/risk.h"

/* How many are named. */
#define MOST	5

/* What stores results, or was proved by them; what computes it anew, and the name behind that. */
static const struct
{
	const char *kind;
	const char *again;
	enum {NOTHING, ITSELF, ITS_TABLE} of;
}			stores[] =
{
	{"index", "REINDEX INDEX CONCURRENTLY ", ITSELF},
	{"exclusion", "REINDEX TABLE ", ITS_TABLE},
	{"generated", "an UPDATE of all rows of ", ITS_TABLE},
	{"check", "another check in its place", NOTHING},
};

static char *
said_of(const SfFact *fact)
{
	for (int i = 0; i < lengthof(stores); i++)
		if (strcmp(fact->kind->name, stores[i].kind) == 0)
			return psprintf("%s (%s%s)", sf_fact_label(fact), stores[i].again, stores[i].of == NOTHING ? "" :
							sf_name(stores[i].of == ITSELF ? fact : sf_relation_of(fact)));
	return NULL;
}

/* The statement's fact is the function, in whatever state both sides have it. */
void
sf_refine_function(SfRisk *risk, const SfRiskCase *it)
{
	const SfFact *old = it->context->old,
			   *new = it->context->new;
	List	   *stored = NIL;
	ListCell   *lc;

	foreach(lc, old && new ? old->needed_by : NIL)
	{
		const SfFact *user = ((SfEdge *) lfirst(lc))->from;
		char	   *said = sf_stands(user) ? said_of(user) : NULL;

		if (said)
			stored = lappend(stored, said);
	}
	if (stored)
		risk->why = psprintf("what the old body gave stays in %s", sf_join_some(stored, MOST));
}
