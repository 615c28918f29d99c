/*
 * factbase.h - the container of facts, and how facts travel and are stored.
 */
#ifndef SF_FACTBASE_H
#define SF_FACTBASE_H

#include "schemaflow.h"

/* An empty base in a new child of the current memory context. */
extern SfFactBase *sf_base_new(const char *name);

/* Add a fact; raises when the key is there already.  attr (kind->nattrs pointers) and names are copied. */
extern SfFact *sf_base_add(SfFactBase *base, const SfKind *kind, int nname, char **name, const char *parent_key,
						   char **attr);
extern void sf_base_add_edge(SfFactBase *base, SfFact *from, SfFact *to, char type);
/*
 * Where a fact stands in the catalogs; a fact may have several addresses (a constraint and its index), the first
 * is its own.
 */
extern void sf_base_set_address(SfFactBase *base, SfFact *fact, Oid classid, Oid objid, int32 objsubid);
extern SfFact *sf_base_find(const SfFactBase *base, const char *key);
extern SfFact *sf_base_find_named(const SfFactBase *base, const char *kind, int nname, char *const *name);
extern SfFact *sf_base_find_address(const SfFactBase *base, Oid classid, Oid objid, int32 objsubid);

/*
 * Resolve parents, fill children, sort, and make the edges (needs / needed_by), unless the base is to stay apart.
 * Idempotent; add nothing afterwards.
 */
extern void sf_base_finish(SfFactBase *base);

/* Make the edges of a finished base; of one that was read apart from stored facts as well.  Idempotent. */
extern void sf_base_link(SfFactBase *base);

/* Key of a fact: kind:quoted.names */
extern char *sf_fact_key(const char *kind, int nname, char *const *name);

/* Attribute by name; NULL when absent. Raises an internal error when the kind has no such attribute. */
extern const char *sf_attr(const SfFact *fact, const char *attr);

/* Not NULL, and of the kind of that name. */
extern bool sf_is_kind(const SfFact *fact, const char *kind);

/* Is there an edge from it to the other one? */
extern bool sf_needs(const SfFact *fact, const SfFact *other);

/* A shallow copy whose names can be changed. */
extern SfFact *sf_fact_copy(const SfFact *fact);

/* For messages: "column public.users.phone". */
extern char *sf_fact_label(const SfFact *fact);

/* The same without the kind: "public.users.phone". */
extern char *sf_fact_name(const SfFact *fact);

/*
 * One line of text a fact, needs included; the wire and storage format.  decode adds what it reads (edges are resolved
 * by sf_base_finish).  Unknown kinds or attributes are an error: stored facts carry SF_FACT_FORMAT and the server
 * major, and their reader compares those first.
 */
extern void sf_fact_encode(const SfFact *fact, StringInfo out);
extern SfFact *sf_fact_decode(SfFactBase *base, const char *line);

/* SHA-256 over all managed facts of a finished base in key order, as 64 hex digits: the state's hash. */
extern char *sf_base_hash(const SfFactBase *base);

/* Hash of one fact: kind, attributes and the keys it needs, without its own name. */
extern uint64 sf_fact_hash(const SfFact *fact);

#endif
