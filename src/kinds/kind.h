/*
 * kind.h - the descriptor of a kind of object: all that the other rooms may know about it.
 *
 * Adding a kind: <kind>.sql (how to read it), <kind>.c (one const SfKind) and one line in registry.c.  No other room
 * names a kind (phases/recipes and risk's table are keyed by (kind, verb, attribute) as data).
 *
 * <kind>.sql is one set-based query without parameters, run under the pins (lib/pins.h), in a database that need not
 * have schemaflow.  Its columns, found by name:
 *	 kind text				only when the file reads several kinds; else the file's name is the kind
 *	 classid oid, objid oid, objsubid int	address; its pg_depend rows become edges
 *	 identity text[]		names, outermost first
 *	 parent text[]			{kind, names...} of the parent fact, or NULL; a row whose parent was left out is left out
 *	 parent_relation oid, parent_column int2	instead of parent: the relation or column, by address, which spares the
 *							query the names; without identity the fact is called as its parent is
 * A query with neither reads satellites (comments, grants): identity and parent come from the fact at the address.
 *	 suffix text[]			in a query without identity: more names behind those
 *	 implied text[]			{kind, names...} of the parent table's fact that this one is a copy of (the clone of an
 *							index), or of several, one behind another (a column): see sf_comes_along()
 *	 requires text[]         {kind, names...} of a fact that this one needs and pg_depend does not name for its
 *	 address; in a
 *							query without identity: the suffix of another satellite of the object
 *	 one column an attribute, named as in SfKind.attrs: canonical text, NULL for the default or absent
 * Every name in an attribute is schema-qualified by the pins.  Rows of system schemas and extension members may be
 * returned: the reader leaves them out (by address).  A line "-- @major N-M" or "-- @major N-" before a line keeps that
 * line only on those server majors.
 *	 <attribute>_tree pg_node_tree, tree_relation oid	a stored expression over this relation: its text goes where the
 *							attribute's has %s.  What is said many times is deparsed once (facts/deparse.c).
 *
 * A line "-- @when CONDITION" says when the query can have rows; where it is false the query is not run, for most
 * schemas have no use for most kinds.  It may look into catalogs, and at three texts: relations, types, functions are
 * the relkinds, typtypes and prokinds of the objects that are neither the server's nor an extension's.
 *
 * Writers (create, alter...) append statements to an SfEmit.  They are pure functions of facts: they look nothing up in
 * the catalogs, so the same statement comes out in any session.
 */
#ifndef SF_KIND_H
#define SF_KIND_H

#include "schemaflow.h"
#include "facts/factbase.h"
#include "lib/text.h"
#include "nodes/nodes.h"

/* What a column's value becomes, as the user said it: an expression over the row. */
typedef struct SfFill
{
	char	   *column;			/* as SQL: public.users.phone */
	char	   *expression;
} SfFill;

/* The old fact goes within the statements that create the new one, which takes its place (SfKind.predecessor). */
typedef struct SfHeir
{
	SfFact	   *old;
	SfFact	   *new;
} SfHeir;

/* Where statements go. */
typedef struct SfEmit
{
	List	   *statements;		/* of char *, without semicolon */
	int			flags;			/* SF_EMIT_... */
	const char *role;			/* who will run the statements; NULL: not known */
	const SfFactBase *from;		/* the side that the statements start from; NULL: an empty database */
	const SfFactBase *to;		/* and the one that they lead to; NULL: not known */
	List	   *fills;			/* of SfFill */
	/* The USING expression that turns expr of type "from" into "to"; NULL: the server's assignment cast does. */
	char	   *(*conversion) (const char *expr, const char *from, const char *to);
	List	   *heirs;			/* of SfHeir */
} SfEmit;

#define SF_EMIT_CONCURRENTLY	0x01	/* create or drop without blocking writers (indexes) */
#define SF_EMIT_EXISTING		0x04	/* the object stands already and may hold rows */
/* A copy as if it were nobody's, then joined to its original; an original without its copies. */
#define SF_EMIT_APART		0x08
/* A column that is going to be filled: rows have no value, also not by default (sf_domain_default()) */
#define SF_EMIT_EMPTY			0x10
#define SF_EMIT_NOT_VALID		0x02	/* create unproved; kind->validate proves later (constraints) */

extern void sf_emit(SfEmit *out, const char *fmt,...) pg_attribute_printf(2, 3);

/* objsubid of the pseudo-address of an owned_apart kind's owning fact; edge that matters for drops only. */
#define SF_OWNED_SUBID	(-1)
#define SF_EDGE_DROP	'D'
/*
 * Edges that order and mean no more: what they point at is altered or replaced without taking this fact down.
 * IMPLIED: from a copy to its original; ORDER: from what needs a copy to the original, whose alteration reaches
 * the copy.
 */
#define SF_EDGE_IMPLIED	'='
#define SF_EDGE_ORDER	'~'

/* How a difference in an attribute is mended. */
typedef enum SfHow
{
	SF_ALTER,					/* in place, by SfAttr.alter */
	SF_REPLACE,					/* drop and create the fact (dependents are taken down and put back) */
	SF_REPLACE_PARENT,			/* the parent has to be replaced (a generated column's expression) */
	SF_IGNORE					/* no difference (column position) */
} SfHow;

/*
 * Mend attributes in place: append what turns old into new.  changed is a bool per attribute of the kind.  One
 * function may serve several attributes; it is called once, for the first of them that changed.
 */
typedef void (*SfAlter) (SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed);

typedef struct SfAttr
{
	const char *name;			/* column of the kind's query */
	SfHow		how;
	SfAlter		alter;			/* for SF_ALTER */
	int			flags;			/* SF_ATTR_... */
	/* If set: can this change be made in place?  Else the fact is replaced (a function's return type...). */
	bool		(*in_place) (const SfFact *old, const SfFact *new);
	/* If set: does what is done to others mend it, so that nothing has to be said? */
	bool		(*follows) (const SfFact *old, const SfFact *new);
} SfAttr;

#define SF_ATTR_REBUILDS                                                                                             \
	0x01 /* the alteration is refused while dependents that !survives_alter exist: take them down */
#define SF_ATTR_ROLE		0x02	/* the text is a role's name (must exist before anything runs) */
#define SF_ATTR_TYPE		0x08	/* the text is a type: altered when that type is put in the place of its old self */
#define SF_ATTR_EXPRESSION	0x04	/* deparsed text: made a fixpoint of reparsing when read (facts/canon.c) */
#define SF_ATTR_ROLES		0x20	/* as SF_ATTR_ROLE, but several: SQL identifiers joined by ", " */
/* The alteration is refused while something binds the object to another that is altered so, too (SfKind.binds); the
 * binding waits meanwhile. */
#define SF_ATTR_UNBOUND		0x400
/* What cannot be altered in place is made anew with its parent, or with what it attaches its parent to. */
#define SF_ATTR_PARENT		0x10
/* The data's state, not the schema's (a materialized view is populated): what is put back keeps its old self's. */
#define SF_ATTR_STATE		0x40
/* Options "name 'value', name 'value'", some of which may be secrets (kinds/secret.c): tokens stand for these. */
#define SF_ATTR_SECRET		0x80
/* The server shows it to superusers only; read with their rights (SfReader.hidden). */
#define SF_ATTR_HIDDEN		0x100
/* The text is a tablespace's name (must exist before anything runs). */
#define SF_ATTR_TABLESPACE	0x200
/* Says whether the object's guards count (SfKind.guards). */
#define SF_ATTR_GUARDS		0x800
/* The alteration changes the names of what belongs to the object and is no fact (an extension's members): the text is
 * the place that is part of them, and the attribute is called as that is. */
#define SF_ATTR_MEMBERS		0x1000
/* The text is a version: the alteration runs the scripts that lead from the old one to the new, if there are any. */
#define SF_ATTR_SCRIPTS		0x2000
/* Set while it holds for what is written only: rows that stand may contradict it, and then cannot be written at all. */
#define SF_ATTR_UNPROVED	0x4000
/* One of the table's has it: when another gets it, it goes from here by itself. */
#define SF_ATTR_PASSED		0x8000

struct SfKind
{
	const char *name;			/* "table", as in messages and keys */
	const char *keyword; /* SQL object type: "TABLE", "MATERIALIZED VIEW"; NULL when it is a clause of its parent */
	int			qualifiers;		/* names of the identity behind the fact's own: a function's argument types */
	int			weight;			/* order among actions that may come in any order; satellites last */
	const SfAttr *attrs;
	int			nattrs;

	/*
	 * Created inside its parent's CREATE when that is created in the same plan: the parent's create gets it in
	 * folded.
	 */
	bool		folds;
	/* May be asked to fold only when this says so (NULL: always); e.g. a NOT VALID constraint does not. */
	bool		(*may_fold) (const SfFact *fact);
	/*
	 * Dropped by the server with what it depends on automatically (parent, or 'a' edges): no statement of its own
	 * then.
	 */
	bool		drops_with_parent;
	/* The same, but with what 'a' edges say alone: its parent is a schema, and takes nothing along. */
	bool		drops_with_needs;
	/* What it says of its table, the server says of a partition that it attaches to that, too (a trigger's state). */
	bool		cloned;
	/* Is it altered before its parent is, which could not be as it stands?  (NULL: behind it.) */
	bool		(*alters_first) (const SfFact *old, const SfFact *new);
	/*
	 * Its drop takes along what it needs and what needs it in turn: neither can go first (a base type and its
	 * functions).
	 */
	bool		takes_partners;
	/* Server rebuilds or leaves it alone when what it depends on is altered (indexes, constraints, defaults). */
	bool		survives_alter;
	/* Cannot be added to an existing parent: creating it replaces the parent (GENERATED on an existing column). */
	bool		(*create_replaces_parent) (const SfFact *fact);
	/* Cannot be taken off its parent: dropping it replaces the parent (NULL: it always can). */
	bool		(*drop_replaces_parent) (const SfFact *fact);
	/* What it attaches goes, and others take in what it held: what it was attached to is replaced, with its rows. */
	bool		(*drop_replaces_whole) (const SfFact *fact);
	/* Replaced by putting a new one beside it and moving dependent columns over (types). */
	bool		swaps;
	/* Can be put aside, with those who need it, while its successor is made: a swapped type may hold the old one. */
	bool		steps_aside;
	/* Fires at whatever is done to others: gone before, made and altered behind. */
	bool		watches;
	/* May back what binds to one of several (a unique index a foreign key): gone before such a binding is made anew. */
	bool		backs;
	bool		binds;
	/* Comes after everything that is made with its object (a new owner). */
	bool		late;
	/* About a member of an extension, which is no fact; the extension is its first name. */
	bool		about_member;
	/* The extension's script may have said it as well as somebody else, and the catalogs do not tell which. */
	bool		given;
	/* Says who sees what of its object, when the object says that this counts (SF_ATTR_GUARDS): a policy. */
	bool		guards;
	/*
	 * Its automatic dependency is a fact of its own at SF_OWNED_SUBID (a sequence's OWNED BY): made after,
	 * dropped with.
	 */
	bool		owned_apart;
	/* A copy that is the child's own, too, is there before its original is made, which then merges with it. */
	bool		merges;
	/* Others say it where they mean the function that it needs (a cast). */
	bool		stands_for;
	/* Has contents that nothing else has: its drop comes as late as it can, when nothing may fail any more. */
	bool		contents;
	/* Makes its parent a child of another relation (attribute "of"): a partition, an inheritance. */
	bool		attaches;
	/*
	 * A text for the place that it gives its parent in that relation, which no other has at the same time: whose rows
	 * are there is the same under another name.  NULL: none.
	 */
	char	   *(*place) (const SfFact *fact, const char *of);

	/* Append the statement(s).  folded: SfFact list, created in the same statement, in order. */
	void		(*create) (SfEmit *out, const SfFact *fact, List *folded);
	/* Text of a folded fact inside its parent's CREATE; folded are the facts folded into it in turn. */
	void		(*clause) (StringInfo out, const SfFact *fact, List *folded);
	/* What a CREATE cannot say, appended after it (also after the parent's, when folded). */
	void		(*after) (SfEmit *out, const SfFact *fact);
	void		(*drop) (SfEmit *out, const SfFact *fact);
	/*
	 * How cycles of dependencies are broken.  stub makes the fact, or turns it, where it stands, into something of the
	 * same shape that needs no more than its folded facts do; complete turns the stub into the fact.
	 */
	void		(*stub) (SfEmit *out, const SfFact *fact);
	void		(*complete) (SfEmit *out, const SfFact *fact);
	/* Same content, other name (and perhaps schema). */
	void		(*rename) (SfEmit *out, const SfFact *old, const SfFact *new);
	/* Behind rename, when it is put aside for its successor: what else has a name that the successor takes. */
	void		(*give_up) (SfEmit *out, const SfFact *old);
	/*
	 * A text that says what it is, its name apart: facts below one parent with the same text are the same thing under
	 * another name (constraint, index).  NULL slot or result: a new name is a new thing unless the user says otherwise.
	 */
	char	   *(*match) (const SfFact *fact);
	/*
	 * Text that the server looks into only when it runs it (a function's string body), or NULL: what it names is made
	 * first, where it can.
	 */
	const char *(*body) (const SfFact *fact);
	/*
	 * USING expression that turns expr, of the old type of a swap, into the new one (name: as format_type prints
	 * it); NULL slot or result: through text.
	 */
	char	   *(*convert) (const char *expr, const SfFact *old, const SfFact *new);
	/*
	 * Contents that outlive a replacement: save puts them aside before the old fact goes and says whether that is all
	 * of them; refill brings them back when the new fact and what is attached to it stand, before those who would act
	 * on them (triggers, foreign keys, materialized views) come.
	 */
	bool		(*save) (SfEmit *out, const SfFact *old, const SfFact *new);
	void		(*refill) (SfEmit *out, const SfFact *old, const SfFact *new);
	/*
	 * The fact, often of another kind, that it takes the place of: its contents live on here (the position of the
	 * sequence of a serial column that becomes an identity one; a key's index).  create drops it, where
	 * sf_predecessor() agrees.
	 * Needs twins; NULL slot or result: none.
	 */
	SfFact	   *(*predecessor) (const SfFact *fact);
	/* Of SfFact: what is altered with it, by its statement, besides its copies (columns of tables OF a type). */
	List	   *(*followers) (const SfFact *fact);
	/* Prove what was created with SF_EMIT_NOT_VALID. */
	void		(*validate) (SfEmit *out, const SfFact *fact);
	/*
	 * Words after COMMENT ON, and with other keywords after ALTER ... OWNER: 'TABLE public.t', 'CONSTRAINT c ON
	 * public.t'.  NULL: keyword and qualified name.
	 */
	char	   *(*address) (const SfFact *fact);
	/* The name space it takes a name in: "relation:public.t"; two facts that take the same one cannot exist at once.
	 * NULL result: none.  Facts with several (a constraint and its index) append all. */
	List	   *(*takes) (const SfFact *fact);
	/* Names likewise that another one may have as well, but not when this one is made: the server chooses the name. */
	List	   *(*avoids) (const SfFact *fact);
	/* How many names at the end of the identity are roles ('' and 'public' apart): grantee and grantor. */
	int			role_names;
	/* GRANT's object class and acldefault()'s letter; 0: no privileges. */
	char		acl_class;
	/* For messages, where the dotted names say too little ("grant to bob on table public.t"). */
	char	   *(*label) (const SfFact *fact);
};

/* One query file and what it reads. */
typedef struct SfReader
{
	const char *name;			/* file name without .sql */
	const char *sql;			/* embedded text */
	const char *when;			/* when it can have rows: a condition, see above */
	bool		hidden;			/* reads what only superusers may, which the facts do not say (SF_ATTR_HIDDEN) */
	bool		given;			/* of a kind that is: SfKind.given */
} SfReader;

extern const SfReader sf_readers[];
extern const int sf_nreaders;

extern const SfKind *sf_kind(const char *name); /* raises when there is none */
extern const SfKind *sf_kind_or_null(const char *name);
/* The extension in base whose member a fact is about; NULL: it is about none, or base has not that extension. */
extern SfFact *sf_extension_of(const SfFactBase *base, const SfFact *fact);
/* Are the extensions of one version, so that their scripts have said the same? */
extern bool sf_same_version(const SfFact *a, const SfFact *b);
/* The kind of owners, for the kinds whose statements name the owner. */
extern const SfKind sf_kind_owner;
extern const SfKind sf_kind_schema;
extern const SfKind *const sf_kinds[];
extern const int sf_nkinds;

/* Index of an attribute by name, -1 when there is none. */
extern int	sf_kind_attr(const SfKind *kind, const char *attr);

/* The first child of the kind; NULL: it has none. */
extern SfFact *sf_child(const SfFact *fact, const SfKind *kind);

/* "TABLE public.t": keyword and name, by kind->address or the default. */
extern char *sf_address(const SfFact *fact);

/* After the CREATE of an object: take away what live default privileges gave it and the model does not have. */
extern void sf_emit_birth(SfEmit *out, const SfFact *object);

/* ---- helpers for writers ---- */

/* The type of the new column (suffix "[]": of its elements) that takes another's place by its name; NULL (column.c). */
extern const SfFact *sf_column_swapped(const SfFact *old, const SfFact *new, const char *suffix);

/* What turns expr, of the old column, into a value of the new; NULL: the server's assignment cast does (column.c). */
extern char *sf_column_conversion(const SfEmit *out, const char *expr, const SfFact *old, const SfFact *new);

/* The expression that fills a column, NULL when nobody gave one. */
extern const char *sf_fill(const SfEmit *out, const SfFact *column);

/* In folded, those whose parent is fact, in the order of their clauses (weight, position, key). */
extern List *sf_folded_of(const SfFact *fact, List *folded);

/* Is it on both sides, and not dropped and made anew between them? */
#define sf_stands(fact) ((fact)->twin && !(fact)->anew)

/* The fact of the parent table (or type) that this one is a copy of, or NULL. */
extern SfFact *sf_implied_by(const SfFact *fact);
/* The other way round: those of the same kind that are copies of it, without theirs. */
extern List *sf_copies_of(const SfFact *fact);
/*
 * Does a statement for another fact create this one, or drop it?  A copy comes and goes with its original and its
 * table, unless the table is attached or detached in this very plan: then it stands on its own before or after.
 * Needs twins.
 */
extern bool sf_comes_along(const SfFact *fact);

/*
 * A new column or check that is its parents' alone, of a table that stands and becomes their child.  The server gives
 * such a one only to a table that is a child already: so it is one of a parent made for that, until it is one of
 * theirs.  The last makes that parent, with the columns that it names, and returns who is to get the fact: it, or else
 * the table itself.
 */
extern bool sf_comes_by_parent(const SfFact *fact);
extern char *sf_parent_for_a_while(const SfFact *fact);
extern const char *sf_relation_for_a_while(SfEmit *out, const SfFact *fact);
extern bool sf_goes_along(const SfFact *fact);
/* Is its drop to be said? Of a copy only where it is nobody's any more. */
#define sf_goes_apart(out, fact) (((out)->flags & SF_EMIT_APART) || !sf_goes_along(fact))
/* The one whose statement makes a copy that comes along: its original, or what makes that. */
extern const SfFact *sf_made_by(const SfFact *copy);
/* The one whose drop takes a copy along: its original, or what that is a copy of in turn. */
extern const SfFact *sf_dropped_by(const SfFact *copy);
/* Is it its table's own beside being a copy, in a table that stands and stays a child? */
extern bool sf_merges(const SfFact *fact);
/* Is it replaced, or has it a difference that only a new one mends? */
extern bool sf_is_made_anew(const SfFact *fact);
/* Both are copies, so that altering the original alters this one too? */
extern bool sf_cascades(const SfFact *old, const SfFact *new);
/* The model's own type of that kind that a column is of, or a domain is made of; NULL: it is none. */
extern const SfFact *sf_type_of_kind(const SfFact *fact, const char *kind);
/* What rows get in a column of a domain that has a default, where the column has none of its own; NULL: nothing. */
extern const char *sf_domain_default(const SfFact *column);
/* Do the copies of a fact that goes stay behind, on their own? */
extern bool sf_copies_stay(const SfFact *fact);
/*
 * Partitions' own keys whose indexes an index of the whole has taken in: they cannot be taken out again, and go with it
 * by CASCADE only.  Those of tables that come or go in this plan are left out.
 */
extern List *sf_taken_in(const SfFact *index);
/* Is a pair of attachments one to another parent, not to the same under another name? */
extern bool sf_other_parent(const SfFact *old, const SfFact *new);
/* Does the relation that a fact belongs to become, or cease to be, a child of another? */
extern bool sf_reattached(const SfFact *fact);
/* An index's "only" and "attached", a key's too: can the change be made in place? */
extern bool sf_index_becomes_whole(const SfFact *old, const SfFact *new);
extern bool sf_index_may_attach(const SfFact *old, const SfFact *new);
/* What the index is, or a key's (of a kind that backs); NULL: nothing that is whole. */
extern char *sf_index_says(const SfFact *fact);
extern bool sf_index_stays_attached(const SfFact *old, const SfFact *new);
/* What an index that came along, of a table without partitions, has beside what its original gave it. */
extern void sf_index_own(SfEmit *out, const SfFact *copy, const char *index);
/* Does another index of the table get what only one can have ("clustered")? */
extern bool sf_index_succeeded(const SfFact *index, const char *attr);
/* Let a key take over an index of the name, which gets its own. */
extern char *sf_key_adopts(const SfFact *key, const char *index);
/* Is the column's value computed from its row? */
extern bool sf_is_generated(const SfFact *column);
/* The relation that a fact belongs to, by its parents; itself if it is one. */
extern const SfFact *sf_relation_of(const SfFact *fact);
/* The first child of the kind that says what the relation is a child of; NULL: an ordinary one. */
extern SfFact *sf_attachment(const SfFact *relation);

/* The relation that an attachment makes its parent a child of. */
extern SfFact *sf_attached_to(const SfFact *attachment);
/* The one that a relation is a child of, by its first attachment; NULL: of none. */
extern const SfFact *sf_whole_of(const SfFact *relation);
/* Has it partitions, or could have?  NULL has not. */
extern bool sf_is_partitioned(const SfFact *relation);
/* A partition's bounds; and the default partition of a whole: NULL for none. */
extern bool sf_is_default_bound(const char *bound);
extern const SfFact *sf_default_partition(const SfFact *whole);

/* What the fact takes the place of in this plan, or NULL. */
extern const SfFact *sf_predecessor(const SfEmit *out, const SfFact *fact);

/* Has nothing on either side that name?  And one like it, "like__label", that nothing has: for what is put aside. */
extern bool sf_is_free_name(const SfFactBase *from, const SfFactBase *to, const char *name);
extern char *sf_free_name(const SfFactBase *from, const SfFactBase *to, const char *like, const char *label);

/* Attribute differs between the two sides? */
extern bool sf_changed(const SfFact *old, const SfFact *new, const char *attr);
/* Do two facts of a kind say the same by their attribute number i?  A restored expression does (facts/canon.h). */
extern bool sf_same_attr(const SfFact *a, const SfFact *b, int i);

/*
 * Storage parameters, FDW options: canonical "name='value', name='value'".  Writes "SET (...)" and "RESET (...)"
 * clauses that turn old into new, each as a statement "<head> SET (...)".
 */
extern void sf_emit_options(SfEmit *out, const char *head, const char *old, const char *new);

/*
 * DEPENDS ON EXTENSION: lists of SQL identifiers joined by ", "; a statement "<head> [NO] DEPENDS ON EXTENSION x"
 * each.
 */
extern void sf_emit_extensions(SfEmit *out, const char *head, const char *old, const char *new);
/* The same for FDW options, canonical "name 'value', name 'value'": "<head> OPTIONS (ADD ..., SET ..., DROP ...)". */
extern void sf_emit_fdw_options(SfEmit *out, const char *head, const char *old, const char *new);

/* Move a sequence, or that of an identity, behind the last value of a column ({schema, table, column}) with rows. */
extern void sf_emit_catch_up(SfEmit *out, const SfFact *fact, const SfFact *column);

/* Is an UPDATE of the table refused, because it is published and nothing says which row is which? */
extern bool sf_refuses_updates(const SfEmit *out, const SfFact *table);
/* An UPDATE of the table's rows, also where it would be refused. */
extern void sf_emit_update(SfEmit *out, const SfFact *table, const char *sql);

/* Options of either form in order: of SfOption.  between is what stands behind the name: '=' or ' '. */
typedef struct SfOption
{
	char	   *name;			/* as SQL */
	char	   *text;			/* name='value' */
} SfOption;

extern List *sf_split_options(const char *text, char between);

/*
 * Secrets (secret.c).  swap is called for each secret with its place and its value or token, and gives what is to stand
 * there instead, or NULL.
 */
typedef char *(*SfSecretSwap) (const char *place, const char *value, void *arg);

extern char *sf_fact_attr_swapped(const SfFact *fact, int attr, SfSecretSwap swap, void *arg);
/* Changes the statement; returns what was swapped, as literals of its text have it. */
typedef struct SfSwapped
{
	char	   *old;
	char	   *new;
} SfSwapped;

extern List *sf_statement_swap_secrets(Node *statement, SfSecretSwap swap, void *arg);
/* An attribute without its secrets: what is compared between databases, each of which has passwords of its own. */
extern const char *sf_fact_attr_public(const SfFact *fact, int attr);
/* The same, and as a restored copy has it: what hashes are made of. */
extern const char *sf_fact_attr_compared(const SfFact *fact, int attr);
extern char *sf_secret_token(const char *digest);
extern bool sf_is_secret_token(const char *text);
/* May a token stand in the text? */
extern bool sf_mentions_secret(const char *text);

/* The schema that a fact stands in (a schema's own facts: itself); NULL for objects of the database. */
extern const char *sf_fact_schema(const SfFact *fact);

/* Name of the fact as SQL: all names joined by dots; of the first two: the relation or type it belongs to. */
extern char *sf_name(const SfFact *fact);
extern char *sf_rel(const SfFact *fact);
/* Known by its owner, and goes into another schema with it (a column's sequence). */
#define sf_moves_with_owner(kind) ((kind)->owned_apart && (kind)->match)
#define sf_last(fact) ((fact)->name[(fact)->nname - 1])
/* The one that a rename changes: a function's without its argument types. */
#define sf_own_name(fact) ((fact)->name[(fact)->nname - 1 - (fact)->kind->qualifiers])

#endif
