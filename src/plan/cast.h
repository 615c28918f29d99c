/*
 * cast.h - how a column's values get from one type to another.
 */
#ifndef SF_CAST_H
#define SF_CAST_H

/*
 * USING expression for "expr" of type "from" to become "to" (both as format_type prints them): NULL where the server's
 * assignment cast does it by itself, an explicit cast where there is one, else through text; bytes hold text as UTF-8,
 * unless somebody made a cast.  Looks the casts up in the current database; a type that is not there (yet) goes through
 * text.  Equal names mean a type that is put in the place of its old self: through text.
 */
extern char *sf_conversion(const char *expr, const char *from, const char *to);

/*
 * Is there a cast?  To and from a type that is not there (yet) the server makes those of strings by itself; of two such
 * nothing is known, and it is said that there is one.
 */
extern bool sf_casts(const char *from, const char *to);

#endif
