/*
 * rename.c - renames that nobody told us of: those that are none of our guessing, and those that we ask about.
 *
 * Two tables that take the same place of one whole, a partition's bounds, hold the same rows: that is a rename.
 *
 * A fact that goes and one of the same kind and place that comes, with the same content, and no other such pair:
 * that is worth a question.  There the plan goes on with what the model says literally; nothing is guessed.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "diff/diff.h"
#include "kinds/kind.h"
#include "miscadmin.h"

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

/* Those that take a place and are not on the other side under their name. */
static List *
placed(const SfFactBase *base, const SfFactBase *other)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->kind->place == NULL || sf_base_find(other, fact->parent_key))
			continue;
		fact->note = fact->kind->place(fact);
		found = lappend(found, fact);
	}
	return found;
}

List *
sf_diff_same_places(const SfFactBase *from, const SfFactBase *to)
{
	List	   *olds = placed(from, to);
	List	   *hints = NIL;
	ListCell   *lo,
			   *ln;

	foreach(ln, olds ? placed(to, from) : NIL)
	{
		const SfFact *new = lfirst(ln);

		CHECK_FOR_INTERRUPTS();
		foreach(lo, olds)
		{
			const SfFact *old = lfirst(lo);
			SfHint	   *hint;

			if (old->kind != new->kind || strcmp(old->note, new->note) != 0)
				continue;
			hint = palloc(sizeof(SfHint));
			hint->old_key = old->parent_key;
			hint->new_key = new->parent_key;
			hints = lappend(hints, hint);
		}
	}
	return hints;
}
