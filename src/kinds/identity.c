/*
 * identity.c - identity columns; the sequence behind one is part of it.
 */
#include "postgres.h"

#include "kinds/kind.h"

/* Attributes that are options of the sequence, with the words that set them. */
static const struct
{
	const char *attr;
	const char *words;
} options[] = {
	{"start", "START WITH"}, {"increment", "INCREMENT BY"}, {"min", "MINVALUE"}, {"max", "MAXVALUE"},
	{"cache", "CACHE"},
};

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	const char *type = fact->parent ? sf_attr(fact->parent, "type") : "";
	char *usual_name =
		psprintf("%s.%s", sf_ident(fact->name[0]), sf_ident(psprintf("%s_%s_seq", fact->name[1], fact->name[2])));
	StringInfoData said;

	initStringInfo(&said);
	if (strcmp(usual_name, sf_attr(fact, "sequence")) != 0)
		appendStringInfo(&said, " SEQUENCE NAME %s", sf_attr(fact, "sequence"));
	for (int i = 0; i < lengthof(options); i++)
		if (!sf_sequence_default(fact, options[i].attr, type))
			appendStringInfo(&said, " %s %s", options[i].words, sf_attr(fact, options[i].attr));
	if (sf_attr(fact, "cycle"))
		appendStringInfoString(&said, " CYCLE");
	appendStringInfo(out, "GENERATED %s AS IDENTITY", sf_attr(fact, "generation"));
	if (said.len > 0)
		appendStringInfo(out, " (%s)", said.data + 1);
}

static char *
alter_column(const SfFact *fact)
{
	return psprintf("ALTER TABLE %s ALTER COLUMN %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

/*
 * On a column with rows the sequence goes on behind its greatest value; the numbers of a serial that it replaces would
 * else be handed out again.
 */
static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;

	initStringInfo(&text);
	clause(&text, fact, NIL);
	sf_emit(out, "%s ADD %s", alter_column(fact), text.data);
	if (out->flags & SF_EMIT_EXISTING)
		sf_emit_catch_up(out, sf_attr(fact, "sequence"), fact);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "%s DROP IDENTITY", alter_column(fact));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	StringInfoData sql;

	sf_emit_keep_within(out, sf_attr(new, "sequence"), old, new);
	initStringInfo(&sql);
	appendStringInfoString(&sql, alter_column(new));
	if (sf_changed(old, new, "generation"))
		appendStringInfo(&sql, " SET GENERATED %s", sf_attr(new, "generation"));
	for (int i = 0; i < lengthof(options); i++)
		if (sf_changed(old, new, options[i].attr))
			appendStringInfo(&sql, " SET %s %s", options[i].words, sf_attr(new, options[i].attr));
	if (sf_changed(old, new, "cycle"))
		appendStringInfo(&sql, " SET %s", sf_attr(new, "cycle") ? "CYCLE" : "NO CYCLE");
	if (sf_limits_apart(old, new))
		appendStringInfoString(&sql, " RESTART");
	sf_emit(out, "%s", sql.data);
}

/* "schema.name" -> its parts, unquoted. */
static void
split_name(const char *qualified, char **schema, char **name)
{
	char	   *parts[2];
	const char *p = qualified;

	for (int i = 0; i < 2; i++)
	{
		char	   *to = parts[i] = palloc(strlen(qualified) + 1);
		bool		quoted = *p == '"';

		if (quoted)
			p++;
		for (; *p; p++)
		{
			if (quoted && *p == '"')
			{
				if (p[1] != '"')
					break;
				p++;
			}
			else if (!quoted && *p == '.')
				break;
			*to++ = *p;
		}
		*to = '\0';
		p += quoted && *p;
		p += *p == '.';
	}
	*schema = parts[0];
	*name = parts[1];
}

static void
alter_sequence_name(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	char	   *old_schema,
			   *old_name,
			   *schema,
			   *name;

	split_name(sf_attr(old, "sequence"), &old_schema, &old_name);
	split_name(sf_attr(new, "sequence"), &schema, &name);
	/* The schema follows the table's. */
	if (strcmp(old_name, name) != 0)
		sf_emit(out, "ALTER SEQUENCE %s.%s RENAME TO %s", sf_ident(schema), sf_ident(old_name), sf_ident(name));
}

/* A sequence is logged as its table is, unless it was told otherwise behind it. */
static void
set_persistence(SfEmit *out, const SfFact *fact)
{
	const char *persistence = sf_attr(fact, "persistence");

	if (persistence == NULL)
		persistence = sf_attr(sf_relation_of(fact), "persistence") ? "UNLOGGED" : "LOGGED";
	sf_emit(out, "ALTER SEQUENCE %s SET %s", sf_attr(fact, "sequence"), persistence);
}

static void
alter_persistence(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_persistence(out, new);
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "persistence"))
		set_persistence(out, fact);
}

static char *
address(const SfFact *fact)
{
	return psprintf("SEQUENCE %s", sf_attr(fact, "sequence"));
}

static List *
takes(const SfFact *fact)
{
	return list_make2(psprintf("relation:%s", sf_attr(fact, "sequence")), psprintf("default:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"sequence", SF_ALTER, alter_sequence_name},
	{"persistence", SF_ALTER, alter_persistence},
	{"generation", SF_ALTER, alter_options},
	{"start", SF_ALTER, alter_options},
	{"increment", SF_ALTER, alter_options},
	{"min", SF_ALTER, alter_options},
	{"max", SF_ALTER, alter_options},
	{"cache", SF_ALTER, alter_options},
	{"cycle", SF_ALTER, alter_options},
};

const SfKind sf_kind_identity = {
	.name = "identity",
	.weight = 122,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.folds = true,
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create,
	.clause = clause,
	.after = after,
	.drop = drop,
	.address = address,
	.takes = takes,
	.acl_class = 's',
};
