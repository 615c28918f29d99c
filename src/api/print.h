/*
 * print.h - migrations as people read them: lines of SQL with comments, at most 98 columns wide where the SQL allows.
 */
#ifndef SF_PRINT_H
#define SF_PRINT_H

#include "apply/history.h"

#define SF_PRINT_WIDTH	98		/* psql puts a blank on either side */

/* All of a migration; state: "planned", "applied"... List of char *, one a line. */
extern List *sf_print_migration(const SfMigration *migration, const char *state);

/* Append a heading and paragraphs as comments. */
extern List *sf_print_notes(List *lines, const char *heading, List *paragraphs);

/* 'up' or 'down' as an argument. */
#include "fmgr.h"
extern SfDirection sf_direction_arg(FunctionCallInfo fcinfo, int n);

/* The number of a transaction. */
extern int	sf_transaction_arg(FunctionCallInfo fcinfo, int n);

#endif
