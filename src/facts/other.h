/*
 * other.h - the facts of another database of this server.
 */
#ifndef SF_OTHER_H
#define SF_OTHER_H

#include "facts/factbase.h"

/*
 * Read the facts of a database in which the session user may connect, of the named schemas (C strings) or of all when
 * NIL. Errors when there is no such database, it accepts no connections, or one of the schemas does not exist.
 */
extern SfFactBase *sf_other_facts(const char *database, List *schemas);

/* Mark the facts that an empty database has, too, as baseline. */
extern void sf_mark_baseline(SfFactBase *base, const SfFactBase *empty);

#endif
