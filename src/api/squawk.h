/*
 * squawk.h - the rules that squawk knows by other names.
 */
#ifndef SF_SQUAWK_H
#define SF_SQUAWK_H

#include "nodes/pg_list.h"

/* Adds our rules (of char *) that a rule of squawk's stands for, which may be none.  False: squawk has no such rule. */
extern bool sf_squawk_rules(const char *name, List **rules);

#endif
