/*
 * sessions.h - which version of the application each session is.
 *
 * A session says it by the setting schemaflow.version (its own, or its role's), by sf_use(), or by the version's schema
 * in its search_path.  From its first write to a table with a dual write on it holds a shared advisory lock of our own
 * class, by which others see it.
 */
#ifndef SF_SESSIONS_H
#define SF_SESSIONS_H

#include "postgres.h"

/* Of this session; "": it does not say.  Makes it known to others; raises (or warns) when that version is over. */
extern const char *sf_session_version(void);

/*
 * The gate to version "to": raises, naming them, when sessions are connected that are another version, and while a
 * replica is too far behind.  force: the call that passes it in any case.
 */
extern void sf_session_gate(const char *to, const char *force);

/* The process for whom a worker works: his session is none of the application's. */
extern void sf_session_gate_except(int pid);

#endif
