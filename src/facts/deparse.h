/*
 * deparse.h - the text of stored expressions, each distinct one deparsed once a reading.
 */
#ifndef SF_DEPARSE_H
#define SF_DEPARSE_H

#include "facts/factbase.h"

typedef struct SfDeparser SfDeparser;

/* Columns are looked up in base, by their addresses; memory is taken from context. */
extern SfDeparser *sf_deparser_new(const SfFactBase *base, MemoryContext context);

/*
 * What pg_get_expr(tree, relation) says: NULL when the relation is gone.  Do not change the text, it may be handed out
 * again.
 */
extern char *sf_deparse(SfDeparser *deparser, const char *tree, Oid relation);

#endif
