/*
 * table.c - ordinary and partitioned tables.  Columns, defaults and constraints are facts of their own that fold into
 * CREATE TABLE.
 */
#include "postgres.h"

#include "kinds/kind.h"

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	List	   *parts = sf_folded_of(fact, folded);
	const char *text;
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTABLE %s", sf_attr(fact, "persistence") ? "UNLOGGED " : "", sf_name(fact));
	if ((text = sf_attr(fact, "of_type")) != NULL)
		appendStringInfo(&sql, " OF %s", text);
	if (parts != NIL || text == NULL)
		appendStringInfoString(&sql, " (");
	foreach(lc, parts)
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoString(&sql, foreach_current_index(lc) ? ",\n    " : "\n    ");
		part->kind->clause(&sql, part, folded);
	}
	if (parts != NIL || text == NULL)
		appendStringInfoString(&sql, parts ? "\n)" : ")");
	if ((text = sf_attr(fact, "partition_key")) != NULL)
		appendStringInfo(&sql, " PARTITION BY %s", text);
	if ((text = sf_attr(fact, "access_method")) != NULL)
		appendStringInfo(&sql, " USING %s", sf_ident(text));
	if ((text = sf_attr(fact, "options")) != NULL)
		appendStringInfo(&sql, " WITH (%s)", text);
	if ((text = sf_attr(fact, "tablespace")) != NULL)
		appendStringInfo(&sql, " TABLESPACE %s", sf_ident(text));
	sf_emit(out, "%s", sql.data);
}

static void
set_replica_identity(SfEmit *out, const SfFact *fact)
{
	const char *identity = sf_attr(fact, "replica_identity");

	/* INDEX is said by the index. */
	if (identity == NULL || strcmp(identity, "INDEX") != 0)
		sf_emit(out, "ALTER TABLE %s REPLICA IDENTITY %s", sf_name(fact), identity ? identity : "DEFAULT");
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "replica_identity"))
		set_replica_identity(out, fact);
	if (sf_attr(fact, "row_security"))
		sf_emit(out, "ALTER TABLE %s ENABLE ROW LEVEL SECURITY", sf_name(fact));
	if (sf_attr(fact, "force_row_security"))
		sf_emit(out, "ALTER TABLE %s FORCE ROW LEVEL SECURITY", sf_name(fact));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP TABLE %s", sf_name(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	SfFact		moved = *old;
	char	   *names[2] = {new->name[0], old->name[1]};

	if (strcmp(old->name[0], new->name[0]) != 0)
		sf_emit(out, "ALTER TABLE %s SET SCHEMA %s", sf_name(old), sf_ident(new->name[0]));
	moved.name = names;
	if (strcmp(old->name[1], new->name[1]) != 0)
		sf_emit(out, "ALTER TABLE %s RENAME TO %s", sf_name(&moved), sf_ident(new->name[1]));
}

static void
alter_persistence(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER TABLE %s SET %s", sf_name(new), sf_attr(new, "persistence") ? "UNLOGGED" : "LOGGED");
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_options(out, psprintf("ALTER TABLE %s", sf_name(new)), sf_attr(old, "options"), sf_attr(new, "options"));
}

static void
alter_access_method(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *method = sf_attr(new, "access_method");

	sf_emit(out, "ALTER TABLE %s SET ACCESS METHOD %s", sf_name(new), sf_ident(method ? method : "heap"));
}

static void
alter_tablespace(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *tablespace = sf_attr(new, "tablespace");

	sf_emit(out, "ALTER TABLE %s SET TABLESPACE %s", sf_name(new), sf_ident(tablespace ? tablespace : "pg_default"));
}

static void
alter_replica_identity(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_replica_identity(out, new);
}

static void
alter_row_security(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER TABLE %s %s ROW LEVEL SECURITY", sf_name(new), sf_attr(new, "row_security") ? "ENABLE" : "DISABLE");
}

static void
alter_force_row_security(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER TABLE %s %s ROW LEVEL SECURITY", sf_name(new), sf_attr(new, "force_row_security") ? "FORCE" : "NO FORCE");
}

static void
alter_of_type(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *type = sf_attr(new, "of_type");

	if (type)
		sf_emit(out, "ALTER TABLE %s OF %s", sf_name(new), type);
	else
		sf_emit(out, "ALTER TABLE %s NOT OF", sf_name(new));
}

static List *
takes(const SfFact *fact)
{
	return list_make2(psprintf("relation:%s", sf_name(fact)), psprintf("type:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"persistence", SF_ALTER, alter_persistence},
	{"options", SF_ALTER, alter_options},
	{"access_method", SF_ALTER, alter_access_method},
	{"tablespace", SF_ALTER, alter_tablespace},
	{"replica_identity", SF_ALTER, alter_replica_identity},
	{"row_security", SF_ALTER, alter_row_security},
	{"force_row_security", SF_ALTER, alter_force_row_security},
	{"of_type", SF_ALTER, alter_of_type},
	{"partition_key", SF_REPLACE},
};

const SfKind sf_kind_table = {
	.name = "table",
	.keyword = "TABLE",
	.weight = 100,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.takes = takes,
	.acl_class = 'r',
};
