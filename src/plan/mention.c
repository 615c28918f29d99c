/*
 * mention.c - wishes: what a function's string body names had better be there before the function.
 *
 * The server records no dependencies of a string body, and CREATE FUNCTION does not look into it.  But who uses the
 * function (a generated column, an index, a check of rows that exist) makes the server run or inline it at once, and
 * then what the body names must be there.  So the words of the body are matched with the names of what the plan
 * creates.  That is guessing: the order is only a wish, which the sort grants where it closes no cycle.
 *
 * What the user says that fills a column may name other new ones in the same way.  So is the order of what may hold
 * literals of a composite type and that type's attributes: a literal has a value for each.  And of a cast and those who
 * call its function: they do so by casting, and name the function alone.  And of what goes: whoever calls a function
 * before what its body names.
 */
#include "postgres.h"

#include <ctype.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "plan/build.h"

typedef struct SfWordSlot
{
	const char *word;
	List	   *items;			/* of SfItem: things whose last name it is */
	char		status;
} SfWordSlot;

#define SH_PREFIX sf_words
#define SH_ELEMENT_TYPE SfWordSlot
#define SH_KEY_TYPE const char *
#define SH_KEY word
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k), strlen(k))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A name element that is a routine's arguments, not a word. */
static bool
is_signature(const char *name)
{
	return *name == '(';
}

static const char *
last_word(const SfFact *fact)
{
	return is_signature(sf_last(fact)) ? fact->name[fact->nname - 2] : sf_last(fact);
}

/* By a drop of its own, not within another. */
static bool
is_dropped_itself(const SfItem *item)
{
	return item->drop && item->drop->old == item->old;
}

static bool
has_words(const SfItem *item)
{
	return item->new && item->new->kind->body && (item->create || item->alter) && item->new->kind->body(item->new);
}

static void
add_word(sf_words_hash *words, const char *word, SfItem *item)
{
	bool		found;
	SfWordSlot *slot = sf_words_insert(words, word, &found);

	slot->items = lappend(found ? slot->items : NIL, item);
}

static sf_words_hash *
words_of_created(SfBuild *build)
{
	sf_words_hash *words = sf_words_create(CurrentMemoryContext, 256, NULL);
	ListCell   *lc;

	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		if (item->create && item->create->new == item->new && item->new->nname >= 2 && !item->new->kind->late)
			add_word(words, last_word(item->new), item);
	}
	return words;
}

static sf_words_hash *
words_of_dropped(SfBuild *build)
{
	sf_words_hash *words = sf_words_create(CurrentMemoryContext, 64, NULL);
	ListCell   *lc;

	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);

		if (is_dropped_itself(item) && item->old->nname >= 2)
			add_word(words, last_word(item->old), item);
	}
	return words;
}

/* The identifiers in a text, as the server would fold them; keywords and words in literals among them. */
static sf_words_hash *
words_in(const char *text)
{
	sf_words_hash *words = sf_words_create(CurrentMemoryContext, 64, NULL);
	const char *p = text;

	while (*p)
	{
		const char *start = p;
		char	   *word;
		bool		found;

		if (*p == '"')
		{
			for (p = ++start; *p && *p != '"'; p++)
				;
			word = pnstrdup(start, p - start);
			p += *p == '"';
		}
		else if (isalpha((unsigned char) *p) || *p == '_' || IS_HIGHBIT_SET(*p))
		{
			while (isalnum((unsigned char) *p) || *p == '_' || *p == '$' || IS_HIGHBIT_SET(*p))
				p++;
			word = downcase_identifier(start, p - start, false, false);
		}
		else
		{
			p++;
			continue;
		}
		sf_words_insert(words, word, &found);
	}
	return words;
}

/* All names behind the schema's are among the words: the table's as well as the column's. */
static bool
is_named(sf_words_hash *words, const SfFact *fact)
{
	for (int i = 1; i < fact->nname; i++)
		if (!is_signature(fact->name[i]) && sf_words_lookup(words, fact->name[i]) == NULL)
			return false;
	return true;
}

/* Of SfItem: those of the things, by their last names, whose facts the text names.  old: by their old ones. */
static List *
named_in(const char *text, sf_words_hash *things, bool old)
{
	sf_words_hash *words = words_in(text);
	sf_words_iterator each;
	SfWordSlot *word;
	List	   *named = NIL;
	ListCell   *lc;

	sf_words_start_iterate(words, &each);
	while ((word = sf_words_iterate(words, &each)) != NULL)
	{
		SfWordSlot *slot = sf_words_lookup(things, word->word);

		foreach(lc, slot ? slot->items : NIL)
		{
			SfItem	   *item = lfirst(lc);

			if (is_named(words, old ? item->old : item->new))
				named = lappend(named, item);
		}
	}
	sf_words_destroy(words);
	return named;
}

/*
 * What needs a composite type comes when that has the attributes that it will have; so does what needs a routine of it
 * (an aggregate, with its state).  A routine's body does not mind one more, and its old one may name what goes.
 */
static void
wish_attributes(SfItem *item, SfAction *later, const SfFact *fact)
{
	ListCell   *lc,
			   *la;

	foreach(lc, fact->needs)
	{
		const SfFact *type = ((SfEdge *) lfirst(lc))->to;

		if (type->kind->qualifiers > 0 && fact == item->new && !item->new->kind->body)
			wish_attributes(item, later, type);
		/* Attributes themselves come in their order. */
		if (!type->kind->swaps || type == item->new->parent || sf_item(type) == NULL || sf_item_made(sf_item(type)))
			continue;
		foreach(la, type->children)
			if (sf_item((SfFact *) lfirst(la)) && sf_item((SfFact *) lfirst(la))->create)
				sf_build_wish(later, sf_item((SfFact *) lfirst(la))->create, item);
		foreach(la, item->new->kind->body ? NIL : type->twin->children)
			if (sf_item((SfFact *) lfirst(la)) && sf_item((SfFact *) lfirst(la))->drop)
				sf_build_wish(later, sf_item((SfFact *) lfirst(la))->drop, item);
	}
}

static void
wish_casts(SfBuild *build)
{
	ListCell   *lc,
			   *ln,
			   *lu;

	foreach(lc, build->items)
	{
		SfItem	   *cast = lfirst(lc);

		foreach(ln, cast->create && cast->new->kind->stands_for ? cast->new->needs : NIL)
		{
			const SfFact *need = ((SfEdge *) lfirst(ln))->to;

			/* The function, the types; not the schema. */
			foreach(lu, need->kind->qualifiers > 0 || need->kind->swaps ? need->needed_by : NIL)
			{
				SfItem	   *user = sf_item(((SfEdge *) lfirst(lu))->from);

				if (user && user != cast && (user->create || user->alter))
					sf_build_wish(user->create ? user->create : user->alter, cast->create, cast);
			}
		}
	}
}

/* The name of a routine without its arguments; NULL for what is no routine. */
static char *
overloaded_name(const SfFact *fact)
{
	return is_signature(sf_last(fact)) && fact->nname > 1 ? sf_fact_key("", fact->nname - 1, fact->name) : NULL;
}

/*
 * A routine that takes the place of another with other arguments had better find that one gone: a call that fits both
 * (for the new one has defaults) is ambiguous while both are there.
 */
static void
wish_overloads(SfBuild *build)
{
	sf_words_hash *dropped = sf_words_create(CurrentMemoryContext, 64, NULL);
	ListCell   *lc,
			   *li;

	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		char	   *name = is_dropped_itself(item) ? overloaded_name(item->old) : NULL;

		if (name)
			add_word(dropped, name, item);
	}
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		char	   *name = item->create && item->create->new == item->new ? overloaded_name(item->new) : NULL;
		SfWordSlot *slot = name ? sf_words_lookup(dropped, name) : NULL;

		foreach(li, slot ? slot->items : NIL)
			sf_build_wish(item->create, ((SfItem *) lfirst(li))->drop, item);
	}
}

/*
 * Who calls a function and goes for good (a trigger) had better go before what its body names does: until then the
 * server runs it, also for what the plan itself writes.
 */
static void
wish_callers(SfBuild *build)
{
	sf_words_hash *dropped = NULL;
	ListCell   *lc,
			   *ln,
			   *li;

	foreach(lc, build->items)
	{
		SfItem	   *caller = lfirst(lc);

		foreach(ln, caller->new == NULL && is_dropped_itself(caller) ? caller->old->needs : NIL)
		{
			const SfFact *routine = ((SfEdge *) lfirst(ln))->to;
			const char *body = routine->kind->body ? routine->kind->body(routine) : NULL;

			if (body == NULL)
				continue;
			if (dropped == NULL)
				dropped = words_of_dropped(build);
			foreach(li, named_in(body, dropped, true))
				if (lfirst(li) != caller)
					sf_build_wish(((SfItem *) lfirst(li))->drop, caller->drop, caller);
		}
	}
}

/* What fills a column may read others that come as well: by their names in what the user says. */
static void
wish_sources(SfBuild *build, SfItem *item, SfAction *later)
{
	SfEmit		out = {.fills = build->plan->fills};
	const char *expression = item->new->parent ? sf_fill(&out, item->new) : NULL;
	sf_words_hash *words = expression ? words_in(expression) : NULL;
	ListCell   *lc;

	foreach(lc, words ? item->new->parent->children : NIL)
	{
		SfItem	   *source = sf_item((SfFact *) lfirst(lc));

		/* One that stands, and is made anew, can be read as it was. */
		if (source && source != item && source->create && source->old == NULL && source->new->kind == item->new->kind &&
			sf_words_lookup(words, sf_last(source->new)))
			sf_build_wish(later, source->create, item);
	}
}

void
sf_build_wishes(SfBuild *build)
{
	sf_words_hash *created = NULL;
	ListCell   *lc,
			   *li;

	wish_overloads(build);
	wish_casts(build);
	wish_callers(build);
	foreach(lc, build->items)
	{
		SfItem	   *item = lfirst(lc);
		SfAction   *later;

		CHECK_FOR_INTERRUPTS();
		later = item->create ? item->create : item->alter;
		if (item->new && later)
		{
			wish_attributes(item, later, item->new);
			wish_sources(build, item, later);
		}
		if (!has_words(item))
			continue;
		if (created == NULL)
			created = words_of_created(build);
		/* Itself it does not wait for: sf_build_wish() knows. */
		foreach(li, named_in(item->new->kind->body(item->new), created, false))
			sf_build_wish(later, ((SfItem *) lfirst(li))->create, item);
	}
}
