/*
 * text_search.c - text search parsers, templates, dictionaries and configurations.
 *
 * A configuration's mappings are one attribute, {"asciiword WITH english_stem",...}: what they need is recorded on the
 * configuration.  Tokens with the same dictionaries share a statement.
 */
#include "postgres.h"

#include "kinds/routine.h"

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("%s:%s", fact->kind->name, sf_name(fact)));
}

/* ---- configurations ---- */

static List *
mappings(const SfFact *fact)
{
	const char *text = sf_attr(fact, "mappings");
	List	   *list = NIL;
	char	  **items;
	int			n = text ? sf_text_array_in(text, &items) : 0;

	for (int i = 0; i < n; i++)
		list = lappend(list, items[i]);
	return list;
}

/* "token WITH dictionaries": its two sides. */
static char *
token_of(const char *mapping)
{
	return pnstrdup(mapping, strstr(mapping, " WITH ") - mapping);
}

static const char *
dictionaries_of(const char *mapping)
{
	return strstr(mapping, " WITH ") + strlen(" WITH ");
}

static const char *
mapping_for(List *list, const char *token)
{
	ListCell   *lc;

	foreach(lc, list)
		if (strcmp(token_of(lfirst(lc)), token) == 0)
			return lfirst(lc);
	return NULL;
}

/* One statement for each distinct list of dictionaries among the mappings. */
static void
emit_mappings(SfEmit *out, const SfFact *fact, const char *verb, List *list)
{
	List	   *done = NIL;
	ListCell   *lc;

	foreach(lc, list)
	{
		const char *dictionaries = dictionaries_of(lfirst(lc));
		List	   *tokens = NIL;
		ListCell   *other;

		if (sf_list_has(done, dictionaries))
			continue;
		done = lappend(done, unconstify(char *, dictionaries));
		foreach(other, list)
			if (strcmp(dictionaries_of(lfirst(other)), dictionaries) == 0)
				tokens = lappend(tokens, token_of(lfirst(other)));
		sf_emit(out, "ALTER TEXT SEARCH CONFIGURATION %s %s MAPPING FOR %s WITH %s", sf_name(fact), verb,
				sf_join(tokens, ", "), dictionaries);
	}
}

static void
create_config(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE TEXT SEARCH CONFIGURATION %s (PARSER = %s)", sf_name(fact), sf_attr(fact, "parser"));
	emit_mappings(out, fact, "ADD", mappings(fact));
}

static void
alter_mappings(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	List	   *was = mappings(old);
	List	   *is = mappings(new);
	List	   *gone = NIL;
	List	   *added = NIL;
	List	   *altered = NIL;
	ListCell   *lc;

	foreach(lc, was)
		if (mapping_for(is, token_of(lfirst(lc))) == NULL)
			gone = lappend(gone, token_of(lfirst(lc)));
	foreach(lc, is)
	{
		const char *before = mapping_for(was, token_of(lfirst(lc)));

		if (before == NULL)
			added = lappend(added, lfirst(lc));
		else if (strcmp(before, lfirst(lc)) != 0)
			altered = lappend(altered, lfirst(lc));
	}
	if (gone)
		sf_emit(out, "ALTER TEXT SEARCH CONFIGURATION %s DROP MAPPING FOR %s", sf_name(new), sf_join(gone, ", "));
	emit_mappings(out, new, "ALTER", altered);
	emit_mappings(out, new, "ADD", added);
}

static const SfAttr config_attrs[] = {
	{"parser", SF_REPLACE},
	{"mappings", SF_ALTER, alter_mappings},
};

const SfKind sf_kind_ts_config = {
	.name = "text search configuration",
	.keyword = "TEXT SEARCH CONFIGURATION",
	.weight = 89,
	.attrs = config_attrs,
	.nattrs = lengthof(config_attrs),
	.create = create_config,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.takes = takes,
};

/* ---- dictionaries ---- */

static void
create_dict(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *options = sf_attr(fact, "options");

	sf_emit(out, "CREATE TEXT SEARCH DICTIONARY %s (TEMPLATE = %s%s%s)", sf_name(fact), sf_attr(fact, "template"),
			options ? ", " : "", options ? options : "");
}

static char *
option_name(const char *option)
{
	const char *end = strstr(option, " = ");

	return end ? pnstrdup(option, end - option) : pstrdup(option);
}

/* All options are said again, in their order: the server keeps them in the order in which they were last set. */
static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	List	   *is = sf_split_list(sf_attr(new, "options"));
	List	   *names = NIL;
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, is)
		names = lappend(names, option_name(lfirst(lc)));
	foreach(lc, sf_split_list(sf_attr(old, "options")))
		if (!sf_list_has(names, option_name(lfirst(lc))))
			parts = lappend(parts, option_name(lfirst(lc)));
	sf_emit(out, "ALTER TEXT SEARCH DICTIONARY %s (%s)", sf_name(new), sf_join(list_concat(parts, is), ", "));
}

static const SfAttr dict_attrs[] = {
	{"template", SF_REPLACE},
	{"options", SF_ALTER, alter_options},
};

const SfKind sf_kind_ts_dict = {
	.name = "text search dictionary",
	.keyword = "TEXT SEARCH DICTIONARY",
	.weight = 88,
	.attrs = dict_attrs,
	.nattrs = lengthof(dict_attrs),
	.create = create_dict,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.takes = takes,
};

/* ---- parsers and templates ---- */

static void
create_parser(SfEmit *out, const SfFact *fact, List *folded)
{
	static const SfClause clauses[] = {
		{"START", "start"}, {"GETTOKEN", "gettoken"}, {"END", "end"}, {"LEXTYPES", "lextypes"},
		{"HEADLINE", "headline"},
	};

	sf_emit(out, "CREATE TEXT SEARCH PARSER %s (%s)", sf_name(fact), sf_clauses(fact, clauses, lengthof(clauses)));
}

static const SfAttr parser_attrs[] = {
	{"start", SF_REPLACE},
	{"gettoken", SF_REPLACE},
	{"end", SF_REPLACE},
	{"lextypes", SF_REPLACE},
	{"headline", SF_REPLACE},
};

const SfKind sf_kind_ts_parser = {
	.name = "text search parser",
	.keyword = "TEXT SEARCH PARSER",
	.weight = 86,
	.attrs = parser_attrs,
	.nattrs = lengthof(parser_attrs),
	.create = create_parser,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.takes = takes,
};

static void
create_template(SfEmit *out, const SfFact *fact, List *folded)
{
	static const SfClause clauses[] = {{"INIT", "init"}, {"LEXIZE", "lexize"}};

	sf_emit(out, "CREATE TEXT SEARCH TEMPLATE %s (%s)", sf_name(fact), sf_clauses(fact, clauses, lengthof(clauses)));
}

static const SfAttr template_attrs[] = {
	{"init", SF_REPLACE},
	{"lexize", SF_REPLACE},
};

const SfKind sf_kind_ts_template = {
	.name = "text search template",
	.keyword = "TEXT SEARCH TEMPLATE",
	.weight = 87,
	.attrs = template_attrs,
	.nattrs = lengthof(template_attrs),
	.create = create_template,
	.drop = sf_drop_by_address,
	.rename = sf_rename_in_schema,
	.takes = takes,
};
