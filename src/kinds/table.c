/*
 * table.c - ordinary, partitioned and foreign tables.  Columns, defaults and constraints are facts of their own
 * that fold into CREATE TABLE; so does what the table is a child of (PARTITION OF, INHERITS).
 *
 * The copies that a child has of its parent's columns and checks are not written, unless the child is made on its
 * own and attached later (a cycle was broken there).
 */
#include "postgres.h"

#include "kinds/routine.h"
#include "kinds/rows.h"
#include "kinds/sequence_common.h"

extern const SfKind sf_kind_partition,
			sf_kind_column;

/* Does the type or the parent say it all? */
static bool
is_said(const SfFact *part, List *attachments, List *folded)
{
	int			typed = sf_kind_attr(part->kind, "typed");
	int			local = sf_kind_attr(part->kind, "local");

	if (typed >= 0 && part->attr[typed])
		return sf_folded_of(part, folded) == NIL && sf_attr(part, "not_null") == NULL;
	return attachments && sf_implied_by(part) && (local < 0 || part->attr[local] == NULL);
}

/* The columns and constraints in brackets, PARTITION OF or INHERITS. */
static void
append_content(StringInfo sql, const SfFact *fact, List *folded)
{
	List	   *parts = NIL;
	List	   *attachments = NIL;
	const SfFact *attachment;
	bool		is_partition;
	ListCell   *lc;

	foreach(lc, sf_folded_of(fact, folded))
		if (((SfFact *) lfirst(lc))->kind->attaches)
			attachments = lappend(attachments, lfirst(lc));
	foreach(lc, sf_folded_of(fact, folded))
		if (!((SfFact *) lfirst(lc))->kind->attaches && !is_said(lfirst(lc), attachments, folded))
			parts = lappend(parts, lfirst(lc));
	attachment = attachments ? linitial(attachments) : NULL;
	is_partition = attachment && attachment->kind == &sf_kind_partition;
	if (is_partition)
		appendStringInfo(sql, " PARTITION OF %s", sf_attr(attachment, "of"));
	if (parts != NIL || (!is_partition && sf_attr(fact, "of_type") == NULL))
		appendStringInfoString(sql, " (");
	foreach(lc, parts)
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoString(sql, foreach_current_index(lc) ? ",\n    " : "\n    ");
		part->kind->clause(sql, part, folded);
	}
	if (parts != NIL || (!is_partition && sf_attr(fact, "of_type") == NULL))
		appendStringInfoString(sql, parts ? "\n)" : ")");
	if (is_partition)
		appendStringInfoChar(sql, ' ');
	else if (attachment)
		appendStringInfoString(sql, "\nINHERITS (");
	foreach(lc, attachments)
	{
		const SfFact *part = lfirst(lc);

		appendStringInfoString(sql, foreach_current_index(lc) ? ", " : "");
		part->kind->clause(sql, part, folded);
	}
	if (attachment && !is_partition)
		appendStringInfoChar(sql, ')');
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	const char *text;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTABLE %s", sf_attr(fact, "persistence") ? "UNLOGGED " : "", sf_name(fact));
	if ((text = sf_attr(fact, "of_type")) != NULL)
		appendStringInfo(&sql, " OF %s", text);
	append_content(&sql, fact, folded);
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
alter_persistence(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER TABLE %s SET %s", sf_name(new), sf_attr(new, "persistence") ? "UNLOGGED" : "LOGGED");
	sf_emit_sequences_apart(out, new);
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
	sf_emit(out, "ALTER TABLE %s %s ROW LEVEL SECURITY", sf_name(new),
			sf_attr(new, "row_security") ? "ENABLE" : "DISABLE");
}

static void
alter_force_row_security(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER TABLE %s %s ROW LEVEL SECURITY", sf_name(new),
			sf_attr(new, "force_row_security") ? "FORCE" : "NO FORCE");
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

static bool
keeps_columns(const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind == &sf_kind_column && (child->twin == NULL || sf_changed(child, child->twin, "type") ||
											   sf_changed(child, child->twin, "position")))
			return false;
	}
	return true;
}

/* The server compares the columns when a type is put on; by then they are still as they were. */
static bool
of_type_in_place(const SfFact *old, const SfFact *new)
{
	if (sf_attr(new, "of_type") == NULL)
		return true;
	return sf_attr(old, "of_type") == NULL && keeps_columns(old) && keeps_columns(new);
}

static List *
takes(const SfFact *fact)
{
	return list_make2(psprintf("relation:%s", sf_name(fact)), psprintf("type:%s", sf_name(fact)));
}

static const SfAttr attrs[] = {
	{"persistence", SF_ALTER, alter_persistence, SF_ATTR_UNBOUND},
	{"options", SF_ALTER, alter_options},
	{"access_method", SF_ALTER, alter_access_method},
	{"tablespace", SF_ALTER, alter_tablespace, SF_ATTR_TABLESPACE},
	{"replica_identity", SF_ALTER, alter_replica_identity},
	{"row_security", SF_ALTER, alter_row_security, SF_ATTR_GUARDS},
	{"force_row_security", SF_ALTER, alter_force_row_security, SF_ATTR_GUARDS},
	{"of_type", SF_ALTER, alter_of_type, 0, of_type_in_place},
	{"partition_key", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"server", SF_IGNORE},
	{"fdw_options", SF_IGNORE},
};

const SfKind sf_kind_table = {
	.name = "table",
	.keyword = "TABLE",
	.contents = true,
	.weight = 100,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.owned_apart = true,
	.create = create,
	.after = after,
	.drop = drop,
	.rename = sf_rename_in_schema,
	.takes = takes,
	.save = sf_save_rows,
	.refill = sf_refill_rows,
	.acl_class = 'r',
};

/* ---- foreign tables ---- */

static void
create_foreign(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData sql;
	const char *options = sf_attr(fact, "fdw_options");

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s", sf_name(fact));
	append_content(&sql, fact, folded);
	appendStringInfo(&sql, " SERVER %s", sf_ident(sf_attr(fact, "server")));
	if (options)
		appendStringInfo(&sql, " OPTIONS (%s)", options);
	sf_emit(out, "%s", sql.data);
}

static void
drop_foreign(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP FOREIGN TABLE %s", sf_name(fact));
}

static void
alter_fdw_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_fdw_options(out, psprintf("ALTER FOREIGN TABLE %s", sf_name(new)), sf_attr(old, "fdw_options"),
						sf_attr(new, "fdw_options"));
}

/* A foreign table holds no rows: it is made anew for another server. */
static const SfAttr foreign_attrs[] = {
	{"server", SF_REPLACE},
	{"fdw_options", SF_ALTER, alter_fdw_options},
};

const SfKind sf_kind_foreign_table = {
	.name = "foreign table",
	.keyword = "FOREIGN TABLE",
	.weight = 100,
	.attrs = foreign_attrs,
	.nattrs = lengthof(foreign_attrs),
	.owned_apart = true,
	.create = create_foreign,
	.drop = drop_foreign,
	.rename = sf_rename_in_schema,
	.takes = takes,
	.acl_class = 'r',
};
