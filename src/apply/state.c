/*
 * state.c - what a migration says of the schemas at its two ends (state.h).
 *
 * One line each, sorted: a mark, a key, for objects two more fields.  Keys are escaped as in COPY.
 *
 *	manage all|model	does what stands in no line belong to the schema?
 *	*key				a root (schema, extension...) whose contents belong
 *	-key				does not belong, though its root does
 *	!key				the same, with all that is in it
 *	=key from to		an object (facts/stored.h), and the hash of it and its parts on either side; "-" where it is not
 *
 * Memory: current context.  The facts' note fields are used.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "apply/state.h"
#include "facts/stored.h"
#include "kinds/kind.h"
#include "lib/text.h"

#define MANAGE_ALL		"manage all"
#define MANAGE_MODEL	"manage model"
#define ABSENT			"-"

typedef struct Line
{
	char		mark;
	char	   *key;			/* escaped */
	char	   *hash[2];		/* '=' only: from, to */
	bool		seen;
} Line;

typedef struct State
{
	bool		all;
	Line	   *lines;
	int			n;
} State;

static char *
escape(const char *key)
{
	StringInfoData out;

	if (strpbrk(key, "\\\t\n") == NULL)
		return pstrdup(key);
	initStringInfo(&out);
	for (const char *p = key; *p; p++)
	{
		if (*p == '\\' || *p == '\t' || *p == '\n')
			appendStringInfoChar(&out, '\\');
		appendStringInfoChar(&out, *p == '\t' ? 't' : *p == '\n' ? 'n' : *p);
	}
	return out.data;
}

static int
compare_lines(const void *a, const void *b)
{
	const Line *x = a,
			   *y = b;
	int			c = strcmp(x->key, y->key);

	return c != 0 ? c : (x->mark > y->mark) - (x->mark < y->mark);
}

static SfFact *
root_of(SfFact *fact)
{
	while (fact->parent)
		fact = fact->parent;
	return fact;
}

static void
clear_notes(SfFactBase *base)
{
	ListCell   *lc;

	foreach(lc, base->facts)
		((SfFact *) lfirst(lc))->note = NULL;
}

/* ---- objects and their hashes ---- */

typedef struct Object
{
	SfFact	   *fact;
	uint64		hash;
} Object;

/* The objects with managed facts, in key order; each is its fact's note. */
static List *
objects_of(SfFactBase *base)
{
	List	   *objects = NIL;
	ListCell   *lc;

	clear_notes(base);
	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc),
				   *top = sf_object_of(fact);
		Object	   *object = top->note;

		CHECK_FOR_INTERRUPTS();
		if (fact->unmanaged)
			continue;
		if (object == NULL)
		{
			object = palloc0(sizeof(Object));
			object->fact = top;
			top->note = object;
			objects = lappend(objects, object);
		}
		/* facts come in the order of their keys */
		object->hash = hash_combine64(object->hash, hash_bytes_extended((unsigned char *) fact->key,
																		strlen(fact->key), 0));
		object->hash = hash_combine64(object->hash, sf_fact_hash(fact));
	}
	return objects;
}

static char *
hash_text(const Object *object)
{
	return object ? psprintf("%08x%08x", (uint32) (object->hash >> 32), (uint32) object->hash) : ABSENT;
}

static char *
object_line(SfFact *fact, const Object *from, const Object *to)
{
	return psprintf("=%s\t%s\t%s", escape(fact->key), hash_text(from), hash_text(to));
}

/* ---- writing ---- */

static bool
any_managed(const SfFact *fact)
{
	ListCell   *lc;

	if (!fact->unmanaged)
		return true;
	foreach(lc, fact->children)
	{
		if (any_managed(lfirst(lc)))
			return true;
	}
	return false;
}

/* On either side: what is ours on one of them is looked at on both. */
static bool
is_ours(const SfFact *fact, const SfFactBase *other)
{
	const SfFact *same = any_managed(fact) ? NULL : sf_base_find(other, fact->key);

	return same ? any_managed(same) : any_managed(fact);
}

/* Lines for what is left out at and below fact. */
static List *
left_out(List *lines, SfFact *fact, const SfFactBase *other)
{
	ListCell   *lc;

	check_stack_depth();
	if (!is_ours(fact, other))
		return lappend(lines, psprintf("!%s", escape(fact->key)));
	if (fact->unmanaged)
		lines = lappend(lines, psprintf("-%s", escape(fact->key)));
	foreach(lc, fact->children)
		lines = left_out(lines, lfirst(lc), other);
	return lines;
}

static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Roots of one side, and what is left out of them. */
static List *
scope_lines(List *lines, SfFactBase *base, const SfFactBase *other, bool all)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);

		if (fact->parent != NULL)
			continue;
		if (is_ours(fact, other))
			lines = lappend(lines, psprintf("*%s", escape(fact->key)));
		else if (!all)
			continue;			/* not a root of ours: nothing in it is */
		lines = left_out(lines, fact, other);
	}
	return lines;
}

char *
sf_state_text(SfFactBase *from, SfFactBase *to, bool all)
{
	List	   *lines = scope_lines(scope_lines(NIL, from, to, all), to, from, all);
	List	   *old = objects_of(from),
			   *new = objects_of(to);
	StringInfoData out;
	const char *last = NULL;
	ListCell   *lc;

	foreach(lc, old)
	{
		Object	   *object = lfirst(lc);
		SfFact	   *other = sf_base_find(to, object->fact->key);

		lines = lappend(lines, object_line(object->fact, object, other ? other->note : NULL));
	}
	foreach(lc, new)
	{
		Object	   *object = lfirst(lc);
		SfFact	   *other = sf_base_find(from, object->fact->key);

		if (other == NULL || other->note == NULL)
			lines = lappend(lines, object_line(object->fact, NULL, object));
	}
	clear_notes(from);
	clear_notes(to);
	list_sort(lines, compare_texts);
	initStringInfo(&out);
	appendStringInfoString(&out, all ? MANAGE_ALL : MANAGE_MODEL);
	foreach(lc, lines)
	{
		const char *line = lfirst(lc);

		if (last == NULL || strcmp(last, line) != 0)
			appendStringInfo(&out, "\n%s", line);
		last = line;
	}
	return out.data;
}

/* ---- reading ---- */

static State *
parse(const char *text)
{
	State	   *state = palloc0(sizeof(State));
	char	   *rest = pstrdup(text);
	char	   *line = strsep(&rest, "\n");
	int			room = 64;

	state->all = strcmp(line, MANAGE_ALL) == 0;
	state->lines = palloc(room * sizeof(Line));
	while ((line = strsep(&rest, "\n")) != NULL)
	{
		Line	   *l;
		char	   *fields = line + 1;

		if (state->n == room)
			state->lines = repalloc_huge(state->lines, (room *= 2) * sizeof(Line));
		l = &state->lines[state->n++];
		memset(l, 0, sizeof(Line));
		l->mark = line[0];
		l->key = strsep(&fields, "\t");
		for (int i = 0; i < 2 && fields; i++)
			l->hash[i] = strsep(&fields, "\t");
		if (strchr("*-!=", l->mark) == NULL || (l->mark == '=' && l->hash[1] == NULL))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("a stored schema state has a line that cannot be read"),
					 errdetail("The line is \"%s\".", line)));
	}
	qsort(state->lines, state->n, sizeof(Line), compare_lines);
	return state;
}

static Line *
find(const State *state, char mark, const char *key)
{
	Line		wanted = {mark, escape(key)};

	return bsearch(&wanted, state->lines, state->n, sizeof(Line), compare_lines);
}

/* belongs: what the fact above says of its contents. */
static void
scope_tree(const State *state, SfFact *fact, bool belongs)
{
	ListCell   *lc;

	check_stack_depth();
	belongs = belongs && find(state, '!', fact->key) == NULL;
	fact->unmanaged = !belongs || find(state, '-', fact->key) != NULL;
	foreach(lc, fact->children)
		scope_tree(state, lfirst(lc), belongs);
}

void
sf_state_scope(const char *text, SfFactBase *live)
{
	State	   *state = parse(text);
	ListCell   *lc;

	foreach(lc, live->facts)
	{
		SfFact	   *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (fact == root_of(fact))
			scope_tree(state, fact, state->all || find(state, '*', fact->key) != NULL);
	}
}

/* "table:public.users" is missing: there is no fact to ask for its label. */
static char *
label_of_key(const char *key)
{
	char	   *label = pstrdup(key);
	char	   *colon = strchr(label, ':');

	if (colon)
		*colon = ' ';
	return label;
}

static List *
add_difference(List *differences, const char *label, const char *name, const char *change)
{
	SfStateDifference *difference = palloc(sizeof(SfStateDifference));

	difference->label = pstrdup(label);
	difference->name = pstrdup(name);
	difference->change = change;
	return lappend(differences, difference);
}

List *
sf_state_compare(const char *text, SfFactBase *live, bool to_side, bool keys_only)
{
	State	   *state = parse(text);
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, objects_of(live))
	{
		Object	   *object = lfirst(lc);
		Line	   *line = find(state, '=', object->fact->key);

		if (line)
			line->seen = true;
		if (line == NULL || strcmp(line->hash[to_side], ABSENT) == 0)
			result = add_difference(result, sf_fact_label(object->fact), sf_fact_name(object->fact), "made");
		else if (!keys_only && strcmp(line->hash[to_side], hash_text(object)) != 0)
			result = add_difference(result, sf_fact_label(object->fact), sf_fact_name(object->fact), "altered");
	}
	clear_notes(live);
	for (int i = 0; i < state->n; i++)
	{
		Line	   *line = &state->lines[i];

		if (line->mark == '=' && !line->seen && strcmp(line->hash[to_side], ABSENT) != 0)
			result = add_difference(result, label_of_key(line->key), strchr(line->key, ':') + 1, "dropped");
	}
	return result;
}

List *
sf_state_differences(const char *text, SfFactBase *live, bool to_side, bool keys_only)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, sf_state_compare(text, live, to_side, keys_only))
	{
		const SfStateDifference *difference = lfirst(lc);
		const char *what = strcmp(difference->change, "made") == 0 ? "is there and should not be" :
			strcmp(difference->change, "altered") == 0 ? "differs" : "is missing";

		result = lappend(result, psprintf("%s %s", difference->label, what));
	}
	return result;
}
