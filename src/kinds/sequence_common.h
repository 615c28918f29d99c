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

/* "<head> <set>MAXVALUE 9 ...": what turns the options of old into those of new.  sequence: its name as SQL. */
extern void sf_emit_alter_sequence(SfEmit *out, const char *head, const char *set, const char *sequence,
								   const SfFact *old, const SfFact *new);

#endif
