/*
 * squawk.h - the rules that squawk knows by other names.
 */
#ifndef SF_SQUAWK_H
#define SF_SQUAWK_H

#include "nodes/pg_list.h"

/* Of char *: our rules that a rule of squawk's stands for; NIL: none. */
extern List *sf_squawk_rules(const char *name);

#endif
