/*
 * sequence_common.h - what sequences and those behind identity columns have in common.  Private to kinds/.
 *
 * The facts have the attributes start, increment, min, max, cache, cycle, and type where it is their own.
 */
#ifndef SF_SEQUENCE_COMMON_H
#define SF_SEQUENCE_COMMON_H

#include "kinds/kind.h"

/* " START WITH 5 CYCLE": what is not as it is when it is not said.  type is that of the values. */
extern void sf_sequence_options(StringInfo out, const SfFact *fact, const char *type);

/* SET LOGGED or UNLOGGED takes the sequences along that the columns of a table own: those that differ are set back. */
extern void sf_emit_sequences_apart(SfEmit *out, const SfFact *table);

/* "<head> <set>MAXVALUE 9 ...": what turns the options of old into those of new.  sequence: its name as SQL. */
extern void sf_emit_alter_sequence(SfEmit *out, const char *head, const char *set, const char *sequence,
								   const SfFact *old, const SfFact *new);

/* A type that a sequence's values can have, and its limits. */
typedef struct SfIntegerType
{
	const char *name;
	const char *min;
	const char *max;
} SfIntegerType;

/* In one array, the narrowest first.  NULL: it is none of them. */
extern const SfIntegerType *sf_integer_type(const char *name);

/*
 * The server moves limits of an identity at the edge of the old type along to that of the new one; those that are to
 * stay are set back.  was, is: the column.
 */
extern void sf_emit_identity_limits(SfEmit *out, const SfFact *was, const SfFact *is);

/*
 * Around the creation of one that takes another's place: the old one is put aside, which keeps everybody from it; then
 * the new one goes on where it stood.  schema: where the old one is by then.  sequence: the new one's name as SQL.
 */
extern char *sf_emit_put_aside(SfEmit *out, const SfFact *old, const char *schema);
extern void sf_emit_take_over(SfEmit *out, const char *sequence, const SfFact *new, const char *aside,
							  const SfFact *old);

#endif
