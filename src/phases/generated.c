/*
 * generated.c - what proves the values of a column that is going to be generated (generated.h).
 *
 * An operator "=" takes different values for the same (1.0 and 1.00, two spellings of one name), and some types have
 * none; so the images are compared.  The expression's value is assigned to a generated column: a type that has a length
 * is cut by a cast, and refused by an assignment.  What the server itself calls for that can be called by name.
 */
#include "postgres.h"

#include "lib/text.h"
#include "phases/generated.h"

/* Types with a length: without one, what gives them one, and how the server counts it. */
static const struct
{
	const char *begin;
	const char *any_length;
	const char *function;
	int			header;
}			lengths[] =
{
	{"character varying(", "character varying", "pg_catalog.\"varchar\"", VARHDRSZ},
	{"character(", "bpchar", "pg_catalog.bpchar", VARHDRSZ},
	{"bit varying(", "bit varying", "pg_catalog.varbit", 0},
	{"bit(", "\"bit\"", "pg_catalog.\"bit\"", 0},
};

/* As an assignment to the type would have it; NULL: that cannot be said. */
static char *
assigned(const char *type, const char *expression)
{
	for (int i = 0; i < lengthof(lengths); i++)
	{
		size_t		begin = strlen(lengths[i].begin);

		if (strncmp(type, lengths[i].begin, begin) != 0)
			continue;
		if (strchr(type, ')')[1] != '\0')
			return NULL;		/* an array of it */
		return psprintf("%s((%s)::%s, %d, false)", lengths[i].function, expression, lengths[i].any_length,
						atoi(type + begin) + lengths[i].header);
	}
	return psprintf("(%s)::%s", expression, type);
}

char *
sf_generated_condition(const char *column, const char *type, const char *expression)
{
	char	   *value = assigned(type, expression);

	return value ? psprintf("pg_catalog.record_image_eq(ROW(%s), ROW(%s))", sf_ident(column), value) : NULL;
}
