/*
 * rename.c - what looks like a rename that nobody told us of.
 *
 * A fact that goes and one of the same kind and place that comes, with the same content, and no other such pair:
 * that is worth a question.  The plan goes on with what the model says literally; nothing is guessed.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "diff/diff.h"
#include "kinds/kind.h"

/* Content of a fact and what is below it, without its own name. */
static uint64
tree_hash(const SfFact *fact)
{
	uint64		hash = sf_fact_hash(sf_diff_text(fact));
	ListCell   *lc;

	foreach(lc, fact->children)
	{
		const SfFact *child = lfirst(lc);

		/* Names below count, their texts may hold the old name. */
		if (child->kind->folds && child->kind->rename)
			hash += sf_fact_hash(sf_diff_text(child)) * 31 +
					hash_bytes_extended((const unsigned char *) sf_last(child), strlen(sf_last(child)), 1);
	}
	return hash;
}

/* Renames of these lose nothing when missed, or cannot be asked for. */
static bool
worth_asking(const SfFact *fact)
{
	return !fact->unmanaged && fact->twin == NULL && fact->kind->rename && fact->kind->match == NULL &&
		   fact->parent && fact->parent->twin;
}

static List *
candidates(const SfFact *old, List *siblings)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, siblings)
	{
		SfFact	   *fact = lfirst(lc);

		if (worth_asking(fact) && fact->kind == old->kind && tree_hash(fact) == tree_hash(old))
			found = lappend(found, fact);
	}
	return found;
}

List *
sf_diff_questions(SfFactBase *from, SfFactBase *to)
{
	List	   *questions = NIL;
	ListCell   *lc;

	foreach(lc, from->facts)
	{
		SfFact	   *old = lfirst(lc);
		List	   *found;
		SfFact	   *new;

		if (!worth_asking(old))
			continue;
		found = candidates(old, old->parent->twin->children);
		if (list_length(found) != 1)
			continue;
		new = linitial(found);
		if (list_length(candidates(new, old->parent->children)) != 1)
			continue;
		questions = lappend(
			questions, psprintf("Is %s the old %s under a new name? As it stands the old one is dropped. To keep it: "
								"SELECT sf_rename_hint(%s, %s, %s);",
								sf_fact_label(new), sf_fact_label(old), sf_literal(old->kind->name),
								sf_literal(sf_name(old)), sf_literal(sf_name(new))));
	}
	return questions;
}
