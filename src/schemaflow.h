/*
 * schemaflow.h - the types that all rooms share.
 *
 * A *fact* is one addressable thing in a schema at the finest grain: a table, a column, a default, a comment, a
 * grant.  Facts are named by names, never by OIDs, so that facts of two databases compare.  A fact base holds the
 * facts of one schema state; everything in it lives in one memory context and dies with it.
 */
#ifndef SCHEMAFLOW_H
#define SCHEMAFLOW_H

#include "postgres.h"
#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"
#include "lib/stringinfo.h"

/* Version of the canonical texts and attributes; raised when any kind's reading changes. */
#define SF_FACT_FORMAT	4

typedef struct SfKind SfKind;	/* kinds/kind.h */
typedef struct SfFact SfFact;
typedef struct SfFactBase SfFactBase;

/* "from" needs "to" to exist, as pg_depend has it. */
typedef struct SfEdge
{
	SfFact	   *from;
	SfFact	   *to;
	char		type;			/* pg_depend.deptype; 'p' parent of the fact */
} SfEdge;

struct SfFact
{
	const SfKind *kind;
	int			nname;			/* length of the identity */
	char	  **name;			/* identity: names, outermost first; unique within the kind */
	char	   *key;			/* "kind:quoted.names", unique in a fact base */
	char	   *parent_key;		/* key of the fact this one belongs to, or NULL */
	SfFact	   *parent;			/* resolved parent, or NULL */
	char	  **attr;			/* kind->nattrs canonical texts in the kind's order; NULL = default or absent */
	ObjectAddress addr;			/* where it was read; never compared, never stored */
	List	   *needs;			/* of SfEdge: what this fact requires (the parent included) */
	List	   *needed_by;		/* of SfEdge: the reverse */
	List	   *children;		/* of SfFact: those whose parent this is */
	char	   *unlinked;		/* as stored: what it requires, until sf_base_link() */
	char	   *unit;			/* model side: unit that declared it, else NULL */
	int			declaration;	/* model side: number of the declaration in the unit, 1-based; 0 unknown */
	bool		baseline;		/* an empty database has exactly this fact (schema public, its grants...) */
	bool		unmanaged;		/* not ours to change (facts/live.h): invisible to diff, plan and state hash */
	SfFact *alias; /* model side: itself as it reads under the live side's names (plan/old_names.h), or NULL */
	SfFact	   *twin;			/* scratch for diff and plan: the same fact on the other side */
	bool		anew;			/* scratch for plan: replaced, so that its twin does not stand when it is made */
	void	   *note;			/* scratch for the room that is working on the base */
};

struct SfFactBase
{
	MemoryContext context;		/* owns everything below */
	MemoryContext scratch;		/* of the line that is being decoded, or NULL */
	char	   *free;			/* where the next fact goes in the memory, and how much room is left there */
	Size		room;
	List	   *facts;			/* of SfFact, in order of (key) after sf_base_finish() */
	struct sf_keys_hash *by_key;	/* const char * -> SfFact */
	struct sf_addresses_hash *by_address;	/* ObjectAddress -> SfFact; empty for stored facts */
	List *not_modelled; /* of char *: objects that no kind models, as pg_identify_object names them; when read */
	List	   *secrets;		/* of SfSecret (facts/secrets.h): what the tokens in it stand for, as far as read */
	bool		finished;		/* parents, children and order are in place */
	bool		apart;			/* without edges: nobody asked for them */
	bool		linked;			/* edges are in place */
};

#endif
