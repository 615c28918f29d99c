/*
 * text.h - strings that become SQL: quoting, qualified names, lists.
 *
 * Everything returned is palloc'ed in the current memory context.
 */
#ifndef SF_TEXT_H
#define SF_TEXT_H

#include "postgres.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* name as an SQL identifier, quoted where needed (never by quote_all_identifiers). */
extern const char *sf_ident(const char *name);

/* text as an SQL literal; NULL gives the word NULL. */
extern char *sf_literal(const char *text);

/* names[0..n) quoted and joined by dots: public."order". */
extern char *sf_qualified(int n, char *const *names);

/* The way back: the unquoted parts, and their number; raises for what is no name. */
extern int	sf_split_name(const char *text, char ***names);

/* A list of strings joined by sep. */
extern char *sf_join(List *strings, const char *sep);

/* With commas, and no more than that many: "a, b, and 7 more". */
extern char *sf_join_some(List *strings, int most);

extern bool sf_list_has(List *strings, const char *string);

/*
 * text[] <-> C.  sf_text_array_in parses the output form of a text[] ("{a,\"b c\",NULL}") and returns the number of
 * elements; NULL elements become NULL pointers.
 */
extern int	sf_text_array_in(const char *text, char ***elements);
/* The same from an array of text or name itself. */
extern int	sf_text_array_elements(Datum array, char ***elements);
extern Datum sf_text_array(int n, char *const *elements);

/* Texts of a job's payload, each with its end: packed, and what points into the packed ones. */
extern char *sf_texts_pack(int n, const char *const *texts, Size *len);
extern void sf_texts_unpack(const char *packed, int n, const char **texts);

/* The text with every "from" replaced; the text itself when it has none. */
extern char *sf_replaced(char *text, const char *from, const char *to);

/* A text as one line of bounded length. */
extern char *sf_one_line(const char *text, int width);

extern bool sf_streq(const char *a, const char *b); /* NULL equals NULL only */

#endif
