/*
 * routine.h - what functions, procedures, aggregates and types share.
 */
#ifndef SF_ROUTINE_H
#define SF_ROUTINE_H

#include "kinds/kind.h"

/* public.f(integer, text) */
extern char *sf_routine_name(const SfFact *fact);
extern char *sf_routine_label(const SfFact *fact);
extern List *sf_routine_takes(const SfFact *fact);
extern void sf_routine_rename(SfEmit *out, const SfFact *old, const SfFact *new);
/* CREATE OR REPLACE is refused when an input parameter's name changes (attribute "inputs"). */
extern bool sf_routine_keeps_inputs(const SfFact *old, const SfFact *new);

/* 'a, "b,c"' -> list of char *; quotes are respected and kept. */
extern List *sf_split_list(const char *text);

/* Of kinds that live in a schema and are known by their name: ALTER <keyword> ... SET SCHEMA, RENAME TO; DROP. */
extern void sf_rename_in_schema(SfEmit *out, const SfFact *old, const SfFact *new);
extern void sf_drop_by_address(SfEmit *out, const SfFact *fact);
extern List *sf_type_takes(const SfFact *fact);

/* "SUBTYPE = integer, ..." from (words, attribute) pairs; those without a value are left out. */
typedef struct SfClause
{
	const char *words;
	const char *attr;
} SfClause;

extern char *sf_clauses(const SfFact *fact, const SfClause *clauses, int nclauses);

#endif
