/*
 * recipes_shadow.h - private to phases/: the recipes for a bracket that exchanges columns (shadow.h).
 */
#ifndef SF_RECIPES_SHADOW_H
#define SF_RECIPES_SHADOW_H

#include "kinds/kind.h"
#include "phases/recipes_parts.h"
#include "phases/shadow.h"

/* What is made ahead of the exchange, for the shadows, and takes another's name then. */
typedef struct SfShadowPart
{
	const SfFact *fact;			/* as it will be */
	SfFact	   *ahead;			/* as it is until then */
	List	   *needed;			/* to make it ahead: of SfStatement */
	List	   *again;			/* behind the gate, before the exchange: of SfStatement */
	List	   *given;			/* when it takes the name: of SfStatement */
	bool		late;			/* it is only put together then: nothing can refer to it before */
} SfShadowPart;

typedef struct SfShadowBracket
{
	const SfPlan *plan;
	List	   *actions;		/* of SfAction */
	List	   *shadows;		/* of SfShadow */
	List	   *tables;			/* of SfFact: theirs, on the wanted side */
	List	   *parts;			/* of SfShadowPart */
	List	   *names;			/* of char *: that parts have until then */
} SfShadowBracket;

/* A name that nobody has on either side, by which it is known what it is for. */
extern char *sf_shadow_name(const SfPlan *plan, List *taken, const char *first, const char *second);

/*
 * The table as it is called until the exchange, where it may get another name; what is made ahead goes by that.
 * named_before: NULL, it keeps its own.
 */
extern const SfFact *sf_shadow_named_before(const SfFact *table);
extern const SfFact *sf_shadow_table(const SfFact *table);

/* A copy of a fact, as it is called until the exchange, under another name; its attributes can be changed. */
extern SfFact *sf_shadow_copy(const SfFact *fact, char *name);

/* What is to take the place of the column, or of the one that it is a copy of on a partition; NULL: nothing. */
extern const SfShadow *sf_shadow_of(List *shadows, const SfFact *column);

/* The new columns of the relation go by other names while the old ones are there: of SfRenamed. */
extern List *sf_shadow_renames(List *shadows, const SfFact *relation);

/* The new types go by other names until then, too: of SfRenamedName.  Who they are: of SfShadowType. */
extern List *sf_shadow_types(List *shadows);
extern SfShadowType *sf_shadow_type_of(List *shadows, const SfFact *type);

/* Finds the types that are exchanged with the column (shadows: those known by now); NULL, or why they cannot. */
extern char *sf_shadow_find_types(const SfPlan *plan, List *shadows, SfShadow *shadow);
extern bool sf_shadow_shares_type(const SfShadow *one, const SfShadow *other);

/*
 * recipes_shadow_refuse.c: why the column cannot be replaced, as far as it itself tells; and, a computed one, when it
 * is known what else is exchanged (shadows).  NULL: it can.
 */
extern char *sf_shadow_refusal(const SfPlan *plan, const SfShadow *shadow);
extern char *sf_shadow_refusal_of_sources(const SfPlan *plan, List *shadows, const SfShadow *shadow);
/*
 * The same of what the old version of the application leaves out: a default, of a partition perhaps, whose value the
 * new column cannot have.  given: the user has said what becomes of values.
 */
extern char *sf_shadow_refusal_of_default(const SfShadow *shadow, bool given);
/* Are both stored generated columns (a virtual one has no values)?  Is it computed from what the other is to be? */
extern bool sf_shadow_both_computed(const SfFact *old, const SfFact *new);
extern bool sf_shadow_is_computed_from(const SfShadow *shadow, const SfShadow *other);

/* What becomes of expr, a value of one column, in the other, by the types' names in the end.  NULL: not known. */
extern char *sf_shadow_conversion(const char *expr, const SfFact *from, const SfFact *to);

/* Is there a cast for that, or is it known how a type becomes the one that takes its place? */
extern bool sf_shadow_casts(const SfFact *from, const SfFact *to);

/* Has the kind a way to be made ahead? */
extern bool sf_shadow_makes(const SfKind *kind);

/* What makes the fact ahead; NULL: nothing. */
extern const SfShadowPart *sf_shadow_part_of(const SfShadowBracket *bracket, const SfFact *fact);

/* The part that the action makes, if it can be made ahead; it joins the bracket's. */
extern SfShadowPart *sf_shadow_part(SfShadowBracket *bracket, const SfAction *action);

/* A materialized view among the parts, as it is until then; NULL: the fact is none.  Does the fact read one? */
extern SfFact *sf_shadow_view_of(const SfShadowBracket *bracket, const SfFact *fact);
extern bool sf_shadow_reads_view(const SfShadowBracket *bracket, const SfFact *fact);
extern bool sf_shadow_view_ahead(const SfShadowBracket *bracket, SfShadowPart *part);

/* The columns' own statements, of SfStatement: added, tied by the trigger, filled, proved; then the exchange. */
extern List *sf_shadow_add_column(const SfShadowBracket *bracket, const SfShadow *shadow);
extern List *sf_shadow_tie(const SfShadowBracket *bracket, const SfFact *table);
extern List *sf_shadow_fill(const SfShadowBracket *bracket, const SfFact *table);
/*
 * recipes_generated.c: of a column that is going to be generated.  What a row has to be; the check that nobody writes
 * another value from then on, and its proof (of SfStatement); and when it has its name, that it is generated.
 */
extern char *sf_shadow_computed(const SfShadow *shadow);
extern List *sf_shadow_claim(const SfPlan *plan, const SfShadow *shadow);
extern List *sf_shadow_prove_claim(const SfPlan *plan, const SfShadow *shadow);
extern void sf_shadow_generate(SfEmit *out, const SfPlan *plan, const SfShadow *shadow);

/* That those which are to be NOT NULL are, of SfPlaced: behind those that are placed. */
extern List *sf_shadow_prove(List *placed, const SfShadowBracket *bracket);
extern List *sf_shadow_untie(const SfShadowBracket *bracket, const SfFact *table);
extern List *sf_shadow_drop_old(const SfShadowBracket *bracket, const SfShadow *shadow, const SfAction *action);
extern List *sf_shadow_take_place(const SfShadowBracket *bracket, const SfShadow *shadow);

#endif
