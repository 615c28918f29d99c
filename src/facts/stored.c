/*
 * stored.c - facts in schemaflow.declaration, hints in schemaflow.rename_hint (stored.h).
 *
 * A row holds the facts that its declaration made, encoded, one a line; what no declaration made (an empty database's
 * own facts, extensions that the text uses without asking) stands in a row of no unit.  Rows that did not change are
 * not written, so that recording the same model again leaves no dead rows.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "compat.h"
#include "facts/elaborate.h"
#include "facts/stored.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "model/unit.h"
#include "server/owner.h"

/* Before the line of a fact that an empty database has, too. */
#define BASELINE_MARK	'+'

#define QUOTED_(x)		#x
#define QUOTED(x)		QUOTED_(x)

typedef struct Row				/* of schemaflow.declaration, being gathered */
{
	const char *unit;
	const SfDeclaration *declaration;
	StringInfoData facts;
	int			objects;
} Row;

static void load_facts(SfFactBase *base, const char *unit, int declaration, char *lines);
static Row *gather(List *units, SfFactBase *base, int *nrows);
static Row *row_of(Row *rows, int nrows, const SfFact *fact, Row *hint);
static bool is_object(const SfFact *fact);
static char *text_array(char **elements, int n);

static SfFactBase *
load_model(bool apart)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT unit, n, CASE WHEN format <> " QUOTED(SF_FACT_FORMAT) " OR major <> "
								"pg_catalog.current_setting('server_version_num')::int / 10000 THEN '1' END, facts "
								"FROM schemaflow.declaration WHERE " SF_ORIGIN_IS_OURS " ORDER BY unit, n", 2, args);
	SfFactBase *base;

	sf_pins_leave(pins);
	if (rows->nrows == 0)
		return NULL;
	for (int i = 0; i < rows->nrows; i++)
	{
		if (sf_cell(rows, i, 2) != NULL)
		{
			List	   *units = sf_units_load();

			base = sf_elaborate(units, NIL, NULL);
			if (!XactReadOnly && !RecoveryInProgress())
			{
				sf_units_lock();
				sf_model_store(units, base);
			}
			return base;
		}
	}
	base = sf_base_new("model");
	base->apart = apart;
	for (int i = 0; i < rows->nrows; i++)
	{
		load_facts(base, sf_cell(rows, i, 0), pg_strtoint32(sf_cell(rows, i, 1)), sf_cell(rows, i, 3));
		CHECK_FOR_INTERRUPTS();
	}
	sf_base_finish(base);
	return base;
}

SfFactBase *
sf_model_facts(void)
{
	return load_model(false);
}

SfFactBase *
sf_model_facts_apart(void)
{
	return load_model(true);
}

/* What the model has named once stays ours, so that dropping a schema from the model drops it. */
static void
remember_schemas(const SfFactBase *base)
{
	List	   *names = NIL;
	const char *args[] = {sf_origin_system(), sf_origin_database(), NULL};
	char	  **elements;
	int			n = 0;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		const SfFact *fact = lfirst(lc);
		const char *schema = fact->baseline ? NULL : sf_fact_schema(fact);

		if (schema && !list_member(names, makeString(unconstify(char *, schema))))
			names = lappend(names, makeString(unconstify(char *, schema)));
	}
	elements = palloc(Max(1, list_length(names)) * sizeof(char *));
	foreach(lc, names)
		elements[n++] = strVal(lfirst(lc));
	args[2] = text_array(elements, n);
	sf_execute("INSERT INTO schemaflow.managed_schema (system_identifier, database_oid, name) "
			   "SELECT $1::pg_catalog.int8, $2::pg_catalog.oid, n FROM pg_catalog.unnest($3::pg_catalog.text[]) n "
			   "ON CONFLICT DO NOTHING", lengthof(args), args);
}

void
sf_model_store(List *units, SfFactBase *base)
{
	int			nrows;
	Row		   *rows = gather(units, base, &nrows);
	enum
	{UNIT, N, LINE, TAG, SQL, HASH, DUMP, OBJECTS, FACTS, COLUMNS};
	char	  **column[COLUMNS];
	const char *args[2 + COLUMNS] = {sf_origin_system(), sf_origin_database()};
	SfOwnerState owner;

	for (int c = 0; c < COLUMNS; c++)
		column[c] = palloc(sizeof(char *) * nrows);
	for (int i = 0; i < nrows; i++)
	{
		const SfDeclaration *declaration = rows[i].declaration;

		column[UNIT][i] = unconstify(char *, rows[i].unit);
		column[N][i] = psprintf("%d", declaration == NULL ? 0 : declaration->n);
		column[LINE][i] = psprintf("%d", declaration == NULL ? 0 : declaration->line);
		column[TAG][i] = declaration == NULL ? "" : unconstify(char *, declaration->tag);
		column[SQL][i] = declaration == NULL ? "" : declaration->text;
		column[HASH][i] = declaration == NULL ? "" : declaration->hash;
		column[DUMP][i] = declaration != NULL && declaration->dump ? "t" : "f";
		column[OBJECTS][i] = psprintf("%d", rows[i].objects);
		column[FACTS][i] = rows[i].facts.data;
	}
	for (int c = 0; c < COLUMNS; c++)
		args[2 + c] = text_array(column[c], nrows);

	sf_owner_enter(&owner);
	sf_execute("DELETE FROM schemaflow.declaration d WHERE " SF_ORIGIN_IS_OURS " AND NOT EXISTS (SELECT FROM "
			   "ROWS FROM (pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.int4[])) "
			   "AS r (unit, n) "
			   "WHERE r.unit OPERATOR(pg_catalog.=) d.unit AND r.n OPERATOR(pg_catalog.=) d.n)", 4, args);
	sf_execute("INSERT INTO schemaflow.declaration AS d (system_identifier, database_oid, unit, n, line, tag, sql, "
			   "hash, dump, objects, facts, format, major) "
			   "SELECT $1::pg_catalog.int8, $2::pg_catalog.oid, r.*, " QUOTED(SF_FACT_FORMAT) ", "
			   "pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog./) 10000 "
			   "FROM ROWS FROM (pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.int4[]), "
			   "pg_catalog.unnest($5::pg_catalog.int4[]), pg_catalog.unnest($6::pg_catalog.text[]), "
			   "pg_catalog.unnest($7::pg_catalog.text[]), pg_catalog.unnest($8::pg_catalog.text[]), "
			   "pg_catalog.unnest($9::pg_catalog.bool[]), pg_catalog.unnest($10::pg_catalog.int4[]), "
			   "pg_catalog.unnest($11::pg_catalog.text[])) AS r "
			   "ON CONFLICT (system_identifier, database_oid, unit, n) DO UPDATE SET line = excluded.line, "
			   "tag = excluded.tag, sql = excluded.sql, hash = excluded.hash, dump = excluded.dump, "
			   "objects = excluded.objects, facts = excluded.facts, format = excluded.format, major = excluded.major "
			   "WHERE (d.line, d.hash, d.facts, d.format, d.major) IS DISTINCT FROM "
			   "(excluded.line, excluded.hash, excluded.facts, excluded.format, excluded.major)", lengthof(args), args);
	remember_schemas(base);
	sf_owner_leave(&owner);
}

/* What stands by itself: in the database or in a schema, and no satellite. */
static bool
is_object(const SfFact *fact)
{
	return fact->kind->keyword != NULL && (fact->parent == NULL || fact->parent->parent == NULL);
}

int
sf_model_objects(const SfFactBase *base)
{
	int			n = 0;
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		n += is_object(lfirst(lc)) && !((SfFact *) lfirst(lc))->baseline;
	}
	return n;
}

SfFact *
sf_object_of(SfFact *fact)
{
	while (!is_object(fact) && fact->parent != NULL)
		fact = fact->parent;
	return fact;
}

/* ---- hints ---- */

List *
sf_model_renames(const SfUnit *unit, const SfFactBase *base)
{
	List	   *renames = NIL;
	ListCell   *ld,
			   *lh;

	foreach(ld, unit->declarations)
	{
		const SfDeclaration *declaration = lfirst(ld);

		foreach(lh, declaration->hints)
		{
			const SfCommentHint *hint = lfirst(lh);
			SfFact	   *fact = sf_declared_fact(base, declaration, hint->element);
			SfStoredRename   *rename;
			char	  **name;
			int			n = list_length(hint->names);
			int			end = fact ? fact->nname - fact->kind->qualifiers : 0;

			if (hint->names == NIL)
				continue;
			if (fact == NULL || n > end)
				ereport(ERROR,
						(errcode(ERRCODE_SYNTAX_ERROR),
						 errmsg("hint in unit \"%s\", line %d, cannot be used", unit->name, hint->line),
						 errdetail("It stands at nothing that can be renamed."),
						 errhint("Put it above or beside the column, constraint or statement that it is about.")));
			name = palloc(sizeof(char *) * fact->nname);
			memcpy(name, fact->name, sizeof(char *) * fact->nname);
			for (int i = 0; i < n; i++)
				name[end - n + i] = list_nth(hint->names, i);
			rename = palloc(sizeof(SfStoredRename));
			rename->kind = fact->kind->name;
			rename->old = sf_qualified(fact->nname, name);
			rename->new = sf_qualified(fact->nname, fact->name);
			renames = lappend(renames, rename);
		}
	}
	return renames;
}

static bool
is_listed(List *renames, const char *kind, const char *new, const char *old)
{
	ListCell   *lc;

	foreach(lc, renames)
	{
		const SfStoredRename *rename = lfirst(lc);

		if (strcmp(rename->kind, kind) == 0 && strcmp(rename->new, new) == 0 && strcmp(rename->old, old) == 0)
			return true;
	}
	return false;
}

/* Those that were there before keep what they are bound to. */
void
sf_model_store_renames(const char *unit, List *renames)
{
	const char *args[6] = {sf_origin_system(), sf_origin_database(), unit};
	SfRows	   *before;
	SfOwnerState owner;
	ListCell   *lc;

	sf_owner_enter(&owner);
	before = sf_query("SELECT kind, new, old FROM schemaflow.rename_hint WHERE " SF_ORIGIN_IS_OURS
					  " AND unit OPERATOR(pg_catalog.=) $3", 3, args);
	for (int i = 0; i < before->nrows; i++)
	{
		args[3] = sf_cell(before, i, 0);
		args[4] = sf_cell(before, i, 1);
		if (!is_listed(renames, args[3], args[4], sf_cell(before, i, 2)))
			sf_execute("DELETE FROM schemaflow.rename_hint WHERE " SF_ORIGIN_IS_OURS
					   " AND unit OPERATOR(pg_catalog.=) $3 AND kind OPERATOR(pg_catalog.=) $4"
					   " AND new OPERATOR(pg_catalog.=) $5", 5, args);
	}
	foreach(lc, renames)
	{
		const SfStoredRename *rename = lfirst(lc);

		args[3] = rename->kind;
		args[4] = rename->new;
		args[5] = rename->old;
		sf_execute("INSERT INTO schemaflow.rename_hint (system_identifier, database_oid, unit, kind, new, old) "
				   "VALUES ($1::pg_catalog.int8, $2::pg_catalog.oid, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
				   lengthof(args), args);
	}
	sf_owner_leave(&owner);
}

/*
 * The fact that a declaration's statement is about, or the named element of it, by unqualified names.  Only kinds
 * that can be renamed count: a default or a comment has its column's name, too.
 */
SfFact *
sf_declared_fact(const SfFactBase *base, const SfDeclaration *declaration, const char *element)
{
	const char *object = sf_statement_object(declaration->statement->stmt);
	SfFact	   *found = NULL;
	ListCell   *lc;

	if (object == NULL)
		return NULL;
	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);
		const SfFact *named = element == NULL ? fact : fact->parent;
		int			last = named ? named->nname - 1 - named->kind->qualifiers : 0;

		if (fact->kind->rename == NULL || fact->unit == NULL || fact->declaration != declaration->n ||
			strcmp(fact->unit, declaration->unit) != 0)
			continue;
		/* a table may have a column of its own name: the outer one is meant */
		if (named != NULL && strcmp(named->name[last], object) == 0 &&
			(element == NULL || strcmp(sf_last(fact), element) == 0) && (found == NULL || fact->nname < found->nname))
			found = fact;
	}
	return found;
}

/* ---- rows ---- */

static void
load_facts(SfFactBase *base, const char *unit, int declaration, char *lines)
{
	MemoryContext caller = MemoryContextSwitchTo(base->context);
	char	   *unit_name = unit[0] == '\0' ? NULL : pstrdup(unit);
	char	   *line;

	MemoryContextSwitchTo(caller);
	while ((line = strsep(&lines, "\n")) != NULL)
	{
		bool		baseline = *line == BASELINE_MARK;
		SfFact	   *fact;

		if (*line == '\0')
			continue;
		fact = sf_fact_decode(base, line + baseline);
		fact->unit = unit_name;
		fact->declaration = declaration;
		fact->baseline = baseline;
		CHECK_FOR_INTERRUPTS();
	}
}

/* Facts to the rows of their declarations; the first row is that of no declaration. */
static Row *
gather(List *units, SfFactBase *base, int *nrows)
{
	int			max = 1;
	Row		   *rows,
			   *row;
	StringInfoData line;
	ListCell   *lu,
			   *ld;

	foreach(lu, units)
		max += list_length(((SfUnit *) lfirst(lu))->declarations);
	rows = palloc0(sizeof(Row) * max);
	*nrows = 1;
	rows[0].unit = "";
	initStringInfo(&rows[0].facts);
	foreach(lu, units)
	{
		const SfUnit *unit = lfirst(lu);

		foreach(ld, unit->declarations)
		{
			row = &rows[(*nrows)++];
			row->unit = unit->name;
			row->declaration = lfirst(ld);
			initStringInfo(&row->facts);
		}
	}

	row = rows;
	initStringInfo(&line);
	foreach(ld, base->facts)
	{
		const SfFact *fact = lfirst(ld);

		row = row_of(rows, *nrows, fact, row);
		resetStringInfo(&line);
		sf_fact_encode(fact, &line);
		if (row->facts.len > 0)
			appendStringInfoChar(&row->facts, '\n');
		if (fact->baseline)
			appendStringInfoChar(&row->facts, BASELINE_MARK);
		appendBinaryStringInfo(&row->facts, line.data, line.len);
		row->objects += is_object(fact) && !fact->baseline;
		CHECK_FOR_INTERRUPTS();
	}
	return rows;
}

/* Rows of a unit follow each other in order of n: search by halves in the unit's part. */
static Row *
row_of(Row *rows, int nrows, const SfFact *fact, Row *hint)
{
	int			low = 1,
				high = nrows - 1;

	if (fact->unit == NULL)
		return &rows[0];
	if (hint->declaration != NULL && hint->declaration->n == fact->declaration && strcmp(hint->unit, fact->unit) == 0)
		return hint;
	while (low < nrows && strcmp(rows[low].unit, fact->unit) != 0)
		low++;
	while (high > low && strcmp(rows[high].unit, fact->unit) != 0)
		high--;
	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (rows[middle].declaration->n == fact->declaration)
			return &rows[middle];
		if (rows[middle].declaration->n < fact->declaration)
			low = middle + 1;
		else
			high = middle - 1;
	}
	elog(ERROR, "cannot happen: fact of declaration %d of unit \"%s\", which was not run",
		 fact->declaration, fact->unit);
}

static char *
text_array(char **elements, int n)
{
	return OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, elements));
}
