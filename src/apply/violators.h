/*
 * violators.h - which rows a constraint has met that they do not fit.
 */
#ifndef SF_VIOLATORS_H
#define SF_VIOLATORS_H

#include "utils/elog.h"

/* A query that lists them, by the names that the table has now; NULL: the error names the row, or nobody knows. */
extern char *sf_violators(const ErrorData *error);

#endif
