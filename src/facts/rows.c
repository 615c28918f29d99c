/*
 * rows.c - the rows of a kind's query -> facts.  See reading.h, and kinds/kind.h for the columns of a query.
 *
 * This is the hot path of a reading: what a row needs is in a context of its own, names come from arrays without their
 * output form, and what is the same from row to row (the kind, the parent) is looked up when it changes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "catalog/dependency.h"
#include "executor/spi.h"
#include "facts/canon.h"
#include "facts/reading.h"
#include "lib/text.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* In the text of an attribute: where that of its tree goes. */
#define TREE_MARK	"%s"

typedef struct SfColumns		/* where a query's columns are, 1-based; 0 = not there */
{
	int			kind,
				classid,
				objid,
				objsubid,
				identity,
				suffix,
				parent,
				parent_relation,
				parent_column,
				implied,
				requires,
				tree_relation;
} SfColumns;

typedef struct SfAttrColumns	/* the same for an attribute */
{
	int			text;
	int			tree;
} SfAttrColumns;

typedef struct SfRow			/* where we are in a result */
{
	SfReading  *reading;
	TupleDesc	desc;
	FmgrInfo   *output;			/* of each column */
	Datum	   *values;
	bool	   *nulls;
	SfColumns	at;
	ObjectAddress address;
	/* The parent of the row before. */
	int			nparent;
	char	   *parent[8];
	char	   *parent_key;
	SfFact	   *parent_fact;
} SfRow;

static int
column_of(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i + 1;
	return 0;
}

static bool
is_null(const SfRow *row, int column)
{
	return column == 0 || row->nulls[column - 1];
}

static Datum
value_of(const SfRow *row, int column)
{
	return row->values[column - 1];
}

static char *
text_of(const SfRow *row, int column)
{
	if (is_null(row, column))
		return NULL;
	if (TupleDescAttr(row->desc, column - 1)->atttypid == TEXTOID)
		return TextDatumGetCString(value_of(row, column));
	return OutputFunctionCall(&row->output[column - 1], value_of(row, column));
}

/* The names in an array; 0 where there is none. */
static int
names_of(const SfRow *row, int column, char ***names)
{
	return is_null(row, column) ? 0 : sf_text_array_elements(value_of(row, column), names);
}

static ObjectAddress
row_address(const SfRow *row)
{
	ObjectAddress address;

	address.classId = DatumGetObjectId(value_of(row, row->at.classid));
	address.objectId = DatumGetObjectId(value_of(row, row->at.objid));
	address.objectSubId = row->at.objsubid ? DatumGetInt32(value_of(row, row->at.objsubid)) : 0;
	return address;
}

static bool
is_excluded(const SfReading *reading, const char *name)
{
	ListCell   *lc;

	foreach(lc, reading->excluded)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/* Rows of one parent mostly follow each other. */
static void
find_parent(SfRow *row, int n, char *const *names)
{
	bool		same = n == row->nparent;
	MemoryContext caller;

	for (int i = 0; i < n && same; i++)
		same = strcmp(names[i], row->parent[i]) == 0;
	if (same)
		return;
	if (n > lengthof(row->parent))
		elog(ERROR, "cannot happen: a parent with %d names", n);
	caller = MemoryContextSwitchTo(row->reading->scratch);
	for (int i = 0; i < n; i++)
		row->parent[i] = pstrdup(names[i]);
	row->nparent = n;
	row->parent_key = sf_fact_key(names[0], n - 1, names + 1);
	row->parent_fact = sf_base_find(row->reading->base, row->parent_key);
	MemoryContextSwitchTo(caller);
}

/* Left out with its parent, unless an extension made the schema that it stands in. */
static bool
goes_with_parent(const SfRow *row)
{
	ObjectAddress schema;

	if (row->parent_fact)
		return false;
	if (row->nparent != 2)
		return true;
	ObjectAddressSet(schema, NamespaceRelationId, get_namespace_oid(row->parent[1], true));
	return !OidIsValid(schema.objectId) || is_excluded(row->reading, row->parent[1]) ||
		   !sf_reading_is_member(row->reading, schema);
}

/* Satellites are about the fact at their own address. */
static bool
is_satellite(const SfRow *row)
{
	return row->at.identity == 0 && row->at.parent_relation == 0;
}

/*
 * The fact that a row names by its address: a satellite's object, the relation or column that something is a part
 * of.
 */
static const SfFact *
addressed_fact(const SfRow *row)
{
	ObjectAddress at = row->address;

	if (!is_satellite(row))
		ObjectAddressSubSet(at, RelationRelationId, DatumGetObjectId(value_of(row, row->at.parent_relation)),
							row->at.parent_column ? DatumGetInt16(value_of(row, row->at.parent_column)) : 0);
	return sf_base_find_address(row->reading->base, at.classId, at.objectId, at.objectSubId);
}

/* first (if it is not NULL), then the names of a fact, then those in suffix. */
static int
names_behind(const SfRow *row, const char *first, const SfFact *fact, char ***name)
{
	char	  **more;
	int			nmore = names_of(row, row->at.suffix, &more);
	int			n = 0;

	*name = palloc((1 + fact->nname + nmore) * sizeof(char *));
	if (first)
		(*name)[n++] = pstrdup(first);
	for (int i = 0; i < fact->nname; i++)
		(*name)[n++] = fact->name[i];
	for (int i = 0; i < nmore; i++)
		(*name)[n++] = more[i];
	return n;
}

/*
 * The identity and parent of a row, as kinds/kind.h has them.  Returns the number of names, 0 when the row is not ours.
 */
static int
row_identity(SfRow *row, char ***name, const char **parent_key)
{
	const SfReading *reading = row->reading;
	const SfFact *fact;
	char	  **parent;
	int			n,
				nparent;

	if (!is_satellite(row) && row->address.objectSubId == 0 && row->address.classId != ExtensionRelationId &&
		sf_reading_is_member(reading, row->address))
		return 0;
	if (is_satellite(row) || row->at.parent_relation)
	{
		fact = addressed_fact(row);
		if (fact == NULL)
			return 0;
		*parent_key = fact->key;
		if (row->at.identity)
			return names_of(row, row->at.identity, name);
		return names_behind(row, is_satellite(row) ? fact->kind->name : NULL, fact, name);
	}
	nparent = names_of(row, row->at.parent, &parent);
	if (nparent > 0)
	{
		find_parent(row, nparent, parent);
		if (goes_with_parent(row))
			return 0;
	}
	n = names_of(row, row->at.identity, name);
	*parent_key = nparent > 0 ? row->parent_key : NULL;
	return nparent == 0 && is_excluded(reading, (*name)[0]) ? 0 : n;
}

/* What a reader's rows of one kind have where: for each of its attributes the query's columns. */
typedef struct SfLayout
{
	const SfKind *kind;
	SfAttrColumns *map;
} SfLayout;

static SfAttrColumns *
map_attributes(const SfKind *kind, TupleDesc desc, const char *reader)
{
	SfAttrColumns *map = palloc(Max(kind->nattrs, 1) * sizeof(SfAttrColumns));

	for (int i = 0; i < kind->nattrs; i++)
	{
		map[i].text = column_of(desc, kind->attrs[i].name);
		map[i].tree = column_of(desc, psprintf("%s_tree", kind->attrs[i].name));
		if (map[i].text == 0)
			elog(ERROR, "cannot happen: %s.sql has no column %s", reader, kind->attrs[i].name);
	}
	return map;
}

/* Kinds take turns in the rows of some readers. */
static const SfLayout *
find_layout(const SfRow *row, List **layouts, const char *kind, const char *reader)
{
	MemoryContext caller;
	SfLayout   *layout;
	ListCell   *lc;

	foreach(lc, *layouts)
		if (strcmp(((SfLayout *) lfirst(lc))->kind->name, kind) == 0)
			return lfirst(lc);
	caller = MemoryContextSwitchTo(row->reading->scratch);
	layout = palloc(sizeof(SfLayout));
	layout->kind = sf_kind(kind);
	layout->map = map_attributes(layout->kind, row->desc, reader);
	*layouts = lappend(*layouts, layout);
	MemoryContextSwitchTo(caller);
	return layout;
}

/* The text of an attribute's tree, in the text around it. */
static char *
with_tree(const SfRow *row, char *around, char *tree)
{
	char	   *mark = strstr(around, TREE_MARK);
	Oid			relation = DatumGetObjectId(value_of(row, row->at.tree_relation));
	char	   *text = sf_deparse(row->reading->deparser, tree, relation);

	if (text == NULL || strcmp(around, TREE_MARK) == 0)
		return text;
	return psprintf("%.*s%s%s", (int) (mark - around), around, text, mark + strlen(TREE_MARK));
}

static char **
row_attributes(const SfRow *row, const SfLayout *layout)
{
	const SfKind *kind = layout->kind;
	const SfAttrColumns *map = layout->map;
	char	  **attr = palloc0(Max(kind->nattrs, 1) * sizeof(char *));

	for (int i = 0; i < kind->nattrs; i++)
	{
		char	   *tree = text_of(row, map[i].tree);

		attr[i] = text_of(row, map[i].text);
		if (tree)
			attr[i] = with_tree(row, attr[i], tree);
		if (kind->attrs[i].flags & SF_ATTR_EXPRESSION)
			attr[i] = sf_canonical(attr[i]);
	}
	return attr;
}

static void
promise(SfReading *reading, SfFact *from, const char *kind, int n, char *const *names, char type)
{
	MemoryContext caller = MemoryContextSwitchTo(reading->scratch);
	SfPromise  *made = palloc(sizeof(SfPromise));

	made->from = from;
	made->to = sf_fact_key(kind, n, names);
	made->type = type;
	reading->promised = lappend(reading->promised, made);
	MemoryContextSwitchTo(caller);
}

/*
 * What a row says about other facts.  Originals are of the copy's own kind, so each has as many names as it.  A
 * satellite's sibling differs from it in as many last names.
 */
static void
row_promises(const SfRow *row, SfFact *fact)
{
	char	  **names;
	int			n = names_of(row, row->at.implied, &names);

	for (int i = 0; i + fact->nname < n; i += fact->nname + 1)
		promise(row->reading, fact, names[i], fact->nname, names + i + 1, SF_EDGE_IMPLIED);
	n = names_of(row, row->at.requires, &names);
	if (n > 0 && !is_satellite(row))
		promise(row->reading, fact, names[0], n - 1, names + 1, DEPENDENCY_NORMAL);
	else if (n > 0)
	{
		char	  **sibling = palloc(fact->nname * sizeof(char *));

		for (int i = 0; i < fact->nname; i++)
			sibling[i] = i < fact->nname - n ? fact->name[i] : names[i - (fact->nname - n)];
		promise(row->reading, fact, fact->kind->name, fact->nname, sibling, DEPENDENCY_NORMAL);
	}
}

static void
find_columns(SfRow *row, TupleDesc desc)
{
	SfColumns  *at = &row->at;

	row->desc = desc;
	row->values = palloc(desc->natts * sizeof(Datum));
	row->nulls = palloc(desc->natts * sizeof(bool));
	row->output = palloc(desc->natts * sizeof(FmgrInfo));
	for (int i = 0; i < desc->natts; i++)
	{
		Oid			output;
		bool		varlena;

		getTypeOutputInfo(TupleDescAttr(desc, i)->atttypid, &output, &varlena);
		fmgr_info(output, &row->output[i]);
	}
	at->kind = column_of(desc, "kind");
	at->classid = column_of(desc, "classid");
	at->objid = column_of(desc, "objid");
	at->objsubid = column_of(desc, "objsubid");
	at->identity = column_of(desc, "identity"); /* a column of the query, not a kind */
	at->suffix = column_of(desc, "suffix");
	at->parent = column_of(desc, "parent");
	at->parent_relation = column_of(desc, "parent_relation");
	at->parent_column = column_of(desc, "parent_column");
	at->implied = column_of(desc, "implied");
	at->requires = column_of(desc, "requires");
	at->tree_relation = column_of(desc, "tree_relation");
}

/*
 * Which readers can have rows: their conditions in one query.  An array of bool.
 *
 * Array types are left out of the types, since every type has one.
 */
#define OWN_KINDS(column, catalog, more) \
	"(SELECT coalesce(string_agg(kind::text, ''), '') " \
	" FROM (SELECT DISTINCT " column " FROM " catalog " WHERE oid >= 16384 " \
	"       AND oid NOT IN (SELECT objid FROM member WHERE classid = '" catalog "'::regclass)" more ") k (kind))"

static const char *const own_objects =
	"WITH member AS MATERIALIZED (SELECT classid, objid FROM pg_depend "
	"WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'), "
	"own AS MATERIALIZED (SELECT " OWN_KINDS("relkind", "pg_class", "") " AS relations, "
	OWN_KINDS("typtype", "pg_type", " AND oid NOT IN (SELECT typarray FROM pg_type)") " AS types, "
	OWN_KINDS("prokind", "pg_proc", "") " AS functions) ";

bool *
sf_read_which(void)
{
	StringInfoData query;
	bool	   *which = palloc(sf_nreaders * sizeof(bool));
	bool		isnull;

	initStringInfo(&query);
	appendStringInfo(&query, "%sSELECT ", own_objects);
	for (int i = 0; i < sf_nreaders; i++)
		appendStringInfo(&query, "%s%s", i > 0 ? ", " : "", sf_readers[i].when);
	appendStringInfoString(&query, " FROM own");
	if (SPI_execute(query.data, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "cannot happen: no answer to %s", query.data);
	for (int i = 0; i < sf_nreaders; i++)
		which[i] = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return which;
}

/* Whoever cancels a call did not mean the query at hand, which is ours and long. */
static void
execute(const char *sql, const char *name)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		if (SPI_execute(sql, false, 0) != SPI_OK_SELECT)
			elog(ERROR, "cannot happen: %s.sql is no query", name);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (geterrcode() != ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		error->context = NULL;
		ReThrowError(error);
	}
	PG_END_TRY();
}

/* The text is ours, and search_path is pinned: what it runs is the server's own. */
static void
run_query(const SfReader *reader)
{
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	if (reader->hidden)
		SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	execute(reader->sql, reader->name);
	SetUserIdAndSecContext(user, context);
}

void
sf_read_rows(SfReading *reading, const SfReader *reader)
{
	MemoryContext row_context;
	SPITupleTable *table;
	uint64		nrows;
	SfRow		row = {.reading = reading};
	List	   *layouts = NIL;	/* of SfLayout */

	run_query(reader);
	table = SPI_tuptable;
	nrows = SPI_processed;
	find_columns(&row, table->tupdesc);
	row_context = AllocSetContextCreate(reading->scratch, "schemaflow row", ALLOCSET_SMALL_SIZES);
	for (uint64 r = 0; r < nrows; r++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row_context);
		char	  **name;
		const char *parent_key;
		int			n;

		heap_deform_tuple(table->vals[r], row.desc, row.values, row.nulls);
		row.address = row_address(&row);
		n = row_identity(&row, &name, &parent_key);
		if (n > 0)
		{
			const char *kind = row.at.kind ? text_of(&row, row.at.kind) : reader->name;
			const SfLayout *layout = find_layout(&row, &layouts, kind, reader->name);
			SfFact	   *fact;

			fact = sf_base_add(reading->base, layout->kind, n, name, parent_key, row_attributes(&row, layout));
			if (!is_satellite(&row))
				sf_base_set_address(reading->base, fact, row.address.classId, row.address.objectId,
									row.address.objectSubId);
			row_promises(&row, fact);
		}
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_context);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_freetuptable(table);
	MemoryContextDelete(row_context);
}
