/*
 * added.h - ADD COLUMN by a call, for a column of a domain with constraints (apply/add_column.c).
 */
#ifndef SF_ADDED_H
#define SF_ADDED_H

#include "nodes/parsenodes.h"

/* The ALTER TABLE that the call stands for: its text, and parsed (NULL: more than that). */
extern char *sf_added_text(const char *table, const char *definition);
extern AlterTableStmt *sf_added_parse(const char *sql);

/* ALTER TABLE ... ADD COLUMN, of one column, as a call. */
extern char *sf_added_call(const char *sql);

/* What the call adds as ALTER TABLE has it; NULL: the statement is no such call. */
extern AlterTableStmt *sf_added_statement(const Node *statement);

#endif
