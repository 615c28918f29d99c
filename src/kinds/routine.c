/*
 * routine.c - what functions, aggregates, types and the small kinds beside them share.  See routine.h.
 */
#include "postgres.h"

#include "kinds/routine.h"

List *
sf_split_list(const char *text)
{
	List	   *items = NIL;
	const char *p = text;

	while (p && *p)
	{
		const char *start = p;
		char		quote = '\0';

		for (; *p && (quote || *p != ','); p++)
		{
			if (quote == '\0' && (*p == '"' || *p == '\''))
				quote = *p;
			else if (*p == quote)
				quote = '\0';
		}
		items = lappend(items, pnstrdup(start, p - start));
		while (*p == ',' || *p == ' ')
			p++;
	}
	return items;
}

void
sf_rename_in_schema(SfEmit *out, const SfFact *old, const SfFact *new)
{
	const char *keyword = old->kind->keyword;

	if (strcmp(old->name[0], new->name[0]) != 0)
		sf_emit(out, "ALTER %s %s SET SCHEMA %s", keyword, sf_name(old), sf_ident(new->name[0]));
	if (strcmp(old->name[1], new->name[1]) != 0)
		sf_emit(out, "ALTER %s %s.%s RENAME TO %s", keyword, sf_ident(new->name[0]), sf_ident(old->name[1]),
				sf_ident(new->name[1]));
}

void
sf_drop_by_address(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP %s", sf_address(fact));
}

List *
sf_type_takes(const SfFact *fact)
{
	return list_make1(psprintf("type:%s", sf_name(fact)));
}

char *
sf_clauses(const SfFact *fact, const SfClause *clauses, int nclauses)
{
	List	   *parts = NIL;

	for (int i = 0; i < nclauses; i++)
	{
		const char *value = sf_attr(fact, clauses[i].attr);

		if (value)
			parts = lappend(parts, psprintf("%s = %s", clauses[i].words, value));
	}
	return sf_join(parts, ", ");
}
