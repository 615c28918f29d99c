/*
 * bounds.c - what the rows of a partition have in common (bounds.h).
 *
 * Bounds are texts of the server's: literals without types in brackets, separated by commas.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "lib/text.h"
#include "phases/bounds.h"
#include "phases/recipes.h"

#define RANGE_FROM	"FOR VALUES FROM ("
#define RANGE_TO	") TO ("
#define LIST_IN		"FOR VALUES IN ("

/* The items up to the closing bracket, of char *; *text is left on that. */
static List *
items(const char **text)
{
	List	   *result = NIL;
	const char *start = *text;
	bool		quoted = false;
	int			depth = 0;
	const char *p;

	for (p = start; *p; p++)
	{
		if (*p == '\'')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth-- == 0)
			break;
		else if (*p == ',' && depth == 0)
		{
			result = lappend(result, pnstrdup(start, p - start));
			start = p + 1 + strspn(p + 1, " ");
		}
	}
	*text = p;
	return lappend(result, pnstrdup(start, p - start));
}

/* The one plain column of the key; NULL: it is not so. */
static const SfFact *
key_column(const SfFact *whole, const char *strategy)
{
	const char *key = sf_attr(whole, "partition_key");
	ListCell   *lc;

	foreach(lc, whole->children)
	{
		const SfFact *column = lfirst(lc);

		if (column->kind->folds && column->nname == 3 && column->parent == whole &&
			strcmp(key, psprintf("%s (%s)", strategy, sf_ident(sf_last(column)))) == 0)
			return column;
	}
	return NULL;
}

const SfFact *
sf_bound_column(const SfFact *whole)
{
	const SfFact *column = key_column(whole, "RANGE");

	return column ? column : key_column(whole, "LIST");
}

static char *
range_expression(const SfFact *whole, const char *bound)
{
	const SfFact *key = key_column(whole, "RANGE");
	const char *column = key ? sf_ident(sf_last(key)) : NULL;
	const char *text = bound + strlen(RANGE_FROM);
	List	   *parts;
	List	   *from,
			   *to;

	from = items(&text);
	if (column == NULL || list_length(from) != 1 || strncmp(text, RANGE_TO, strlen(RANGE_TO)) != 0)
		return NULL;
	text += strlen(RANGE_TO);
	to = items(&text);
	parts = list_make1(psprintf("%s IS NOT NULL", column));
	if (strcmp(linitial(from), "MINVALUE") != 0)
		parts = lappend(parts, psprintf("%s >= %s", column, (char *) linitial(from)));
	if (strcmp(linitial(to), "MAXVALUE") != 0)
		parts = lappend(parts, psprintf("%s < %s", column, (char *) linitial(to)));
	return sf_join(parts, " AND ");
}

static char *
list_expression(const SfFact *whole, const char *bound)
{
	const SfFact *key = key_column(whole, "LIST");
	const char *column = key ? sf_ident(sf_last(key)) : NULL;
	const char *text = bound + strlen(LIST_IN);
	List	   *values = NIL;
	bool		null = false;
	ListCell   *lc;

	if (column == NULL)
		return NULL;
	foreach(lc, items(&text))
		if (strcmp(lfirst(lc), "NULL") == 0)
			null = true;
		else
			values = lappend(values, lfirst(lc));
	if (values == NIL)
		return psprintf("%s IS NULL", column);
	return psprintf(null ? "(%s IS NULL OR %s IN (%s))" : "%s IS NOT NULL AND %s IN (%s)", column, column,
					sf_join(values, ", "));
}

char *
sf_bound_own_expression(const SfFact *whole, const char *bound)
{
	if (strncmp(bound, RANGE_FROM, strlen(RANGE_FROM)) == 0)
		return range_expression(whole, bound);
	if (strncmp(bound, LIST_IN, strlen(LIST_IN)) == 0)
		return list_expression(whole, bound);
	return NULL;
}

char *
sf_bound_expression(const SfFact *whole, const char *bound)
{
	const SfFact *attachment = sf_attachment(whole);
	char	   *own = sf_bound_own_expression(whole, bound);
	char	   *above;

	if (own == NULL || attachment == NULL)
		return own;
	above = sf_bound_expression(sf_attached_to(attachment), sf_attr(attachment, "bound"));
	return above ? psprintf("%s AND %s", above, own) : NULL;
}
