/*
 * lint.h - what sf_lint() says of a text, row by row.
 */
#ifndef SF_API_LINT_H
#define SF_API_LINT_H

#include "guard/guard.h"

typedef struct SfLintRow
{
	int			offset;			/* byte in the text */
	int			line;
	int			column;			/* characters */
	const char *rule;
	const char *level;			/* "warn", "enforce" */
	char	   *object;
	char	   *message;
	char	   *detail;
	char	   *recipe;
} SfLintRow;

/* Rules about the text and not about a statement of it; they have no level of this database. */
typedef struct SfTextRule
{
	const char *name;
	SfLevel		level;
	const char *summary;
} SfTextRule;

#define SF_SYNTAX_ERROR		0
#define SF_PSQL_COMMAND		1
#define SF_IGNORE_COMMENT	2

extern const SfTextRule sf_text_rules[];
extern const int sf_ntext_rules;

/* In the order of their places.  What cannot be parsed is one row. */
extern List *sf_lint_rows(char *sql);

#endif
