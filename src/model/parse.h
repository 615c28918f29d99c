/*
 * parse.h - a unit's text as declarations.
 *
 * A declaration is one statement of the text that will be run in a scratch; the server's raw parser splits the text and
 * names the statements, nothing here interprets them.
 */
#ifndef SF_PARSE_H
#define SF_PARSE_H

#include "postgres.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/* What a comment "-- @word ..." tells about the object that it stands above or beside. */
typedef struct SfCommentHint
{
	const char *word;			/* "renamed", "up", "down" */
	List	   *names;			/* renamed: the old name, of C strings, the schema first when given */
	char	   *written;		/* renamed: the old name as it is written */
	char	   *value;			/* up, down: the expression */
	char	   *element;		/* a part of the statement: column, constraint, enum value...; NULL: its object */
	int			line;			/* in the unit */
} SfCommentHint;

typedef struct SfDeclaration
{
	char	   *unit;
	int			n;				/* 1-based among all statements of the text, the skipped ones too */
	int			line;			/* 1-based line of the first word in the text */
	int			offset;			/* of the first word in the text; not known when loaded from the store */
	char	   *text;			/* from the first word to before the semicolon */
	const char *tag;			/* command tag: CREATE TABLE */
	char	   *hash;			/* SHA-256 of text, hex */
	bool		dump;			/* in a text of pg_dump: settings of another major are skipped */
	RawStmt    *statement;		/* of the whole text (its locations are the unit's); NULL when loaded from the store */
	List	   *hints;			/* of SfCommentHint */
} SfDeclaration;

typedef struct SfUnit
{
	char	   *name;
	char	   *owner;			/* role that the text runs as */
	char	   *source;			/* which door: ddl, schema, database, adopt */
	char	   *sql;			/* the text as given; NULL when only the declarations were loaded */
	List	   *declarations;	/* of SfDeclaration */
} SfUnit;

/*
 * The declarations that are to be run.  Raises, with unit, declaration and line, for what is no SQL or no model;
 * notices what is skipped.
 */
extern List *sf_parse_unit(const char *unit, const char *text);

/* The statement of a declaration's own text, made fit to run in a scratch (no CONCURRENTLY, SET LOCAL is SET). */
extern RawStmt *sf_declaration_statement(const SfDeclaration *declaration);

/* Hash of a declaration's text. */
extern char *sf_declaration_hash(const char *text);

/*
 * literals.c: in the texts of the declaration and of its unit, string literals with a value of olds get that of news.
 * Declarations that stand further behind have been done before.
 */
extern void sf_replace_literals(SfUnit *unit, SfDeclaration *declaration, List *olds, List *news);
/* Where the literals of a text begin (of int). */
extern List *sf_literal_places(const char *text);

/* Unqualified name of what the statement creates, as the parser has it; NULL when it creates nothing with a name. */
extern const char *sf_statement_object(const Node *statement);

/* Error context callback; arg is the SfDeclaration. */
extern void sf_declaration_context(void *arg);

/* Gives the error the call to make next, where the server's own has none. */
extern void sf_hint_again(ErrorData *error, const char *unit);

/* "declaration 3 of unit "main", line 12" */
extern char *sf_declaration_label(const SfDeclaration *declaration);

/* hints.c: read the hints in the comments of a text and hang them on the declarations they stand at. */
struct SfText;
extern void sf_hints_attach(const struct SfText *text, List *declarations, const int *offsets, const int *ends);

#endif
