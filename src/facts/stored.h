/*
 * stored.h - the model's facts as they were recorded.
 */
#ifndef SF_STORED_H
#define SF_STORED_H

#include "facts/factbase.h"
#include "model/parse.h"

/*
 * The model's facts, or NULL when no model is recorded.  Facts that another format or server major wrote are elaborated
 * again from the stored text first (and stored, where the transaction may write).
 */
extern SfFactBase *sf_model_facts(void);

/* The same without edges, which sf_base_link() makes when they are needed after all. */
extern SfFactBase *sf_model_facts_apart(void);

/* Store the declarations of all units with the facts that they made.  The caller holds sf_units_lock(). */
extern void sf_model_store(List *units, SfFactBase *base);

/* Objects of a base that the model declares: what stands in a schema or in the database by itself. */
extern int	sf_model_objects(const SfFactBase *base);

/* The object that a fact is about: itself or the nearest fact above it that stands by itself. */
extern SfFact *sf_object_of(SfFact *fact);

/*
 * The fact that a declaration's statement is about, or the named element of it, by unqualified names; NULL when
 * there is none.  Only kinds that can be renamed count: a default or a comment has its column's name, too.
 */
extern SfFact *sf_declared_fact(const SfFactBase *base, const SfDeclaration *declaration, const char *element);

/* A hint as it is stored; names are SQL. */
typedef struct SfStoredRename
{
	const char *kind;
	char	   *old;
	char	   *new;
} SfStoredRename;

/* The "renamed" hints of a unit's declarations, resolved to the facts that they stand at: of SfStoredRename. */
extern List *sf_model_renames(const SfUnit *unit, const SfFactBase *base);
extern void sf_model_store_renames(const char *unit, List *renames);

#endif
