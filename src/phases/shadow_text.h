/*
 * shadow_text.h - private to phases/: a text as it reads when columns have other names.
 */
#ifndef SF_SHADOW_TEXT_H
#define SF_SHADOW_TEXT_H

#include "nodes/parsenodes.h"
#include "plan/plan.h"

/* A column's name in a text, and what is to stand there instead. */
typedef struct SfRenamed
{
	const char *from;
	const char *to;
} SfRenamed;

/* Likewise that of what is in a schema. */
typedef struct SfRenamedName
{
	const char *schema;
	const char *from;
	const char *to;
} SfRenamedName;

/* What has other names in a text. */
typedef struct SfRenames
{
	List	   *columns;		/* of SfRenamed */
	List	   *referenced;		/* likewise, those of the table that a foreign key references */
	List	   *types;			/* of SfRenamedName */
	List	   *tables;			/* likewise: those that a foreign key references */
} SfRenames;

/* The name that it goes by (renames: of SfRenamed); NULL: it keeps its own.  name may be NULL. */
extern const char *sf_renamed(const char *name, List *renames);

/*
 * "text", a part of the statement that head, text and tail make, with other names.  NULL: it cannot be said, for the
 * text names a column in a way that is not understood.
 */
extern char *sf_text_renamed(const char *head, const char *text, const char *tail, const SfRenames *renames);

/* The same for an expression over the row. */
extern char *sf_expression_renamed(const char *expression, const SfRenames *renames);

/* The same for what a column's type is called. */
extern char *sf_type_renamed(const char *type, List *types);

/* In the tree: a type gets its other name; gives that, and where it stands in the text.  NULL: it keeps its own. */
extern const char *sf_rename_type(TypeName *type, const char *text, List *types, int *place);

/* A table in a query, and the columns of it (of SfRenamed). */
typedef struct SfRenamedTable
{
	const char *schema;
	const char *name;
	List	   *renames;
} SfRenamedTable;

/*
 * A view's query, as the server prints it, with other names of these tables' columns (of SfRenamedTable), and of types
 * (of SfRenamedName); its results are called as they were.  NULL: as above.
 */
extern char *sf_query_renamed(const char *query, List *tables, List *types);

/* For both: the tree of one statement; NULL: it is none.  And behind the word, or what else begins at p. */
extern Node *sf_text_parse(const char *statement);
extern const char *sf_behind_word(const char *p);

/* Of char *: what the columns of an index or a key are called.  The text is a part as above. */
extern List *sf_text_columns(const char *head, const char *text, const char *tail);

/* The place of the name at that one; qualified: of the one behind that of its schema or table, which begins there. */
extern int	sf_last_name_at(const char *text, int location, bool qualified);

#endif
