/*
 * sessions.h - which version of the application each session is.
 *
 * A session says it by the setting schemaflow.version (its own, or its role's), or by sf_use().  From its first
 * write to a table with a dual write on it holds a shared advisory lock of our own class, by which others see it.
 */
#ifndef SF_SESSIONS_H
#define SF_SESSIONS_H

#include "postgres.h"

/* Of this session; "": it does not say.  Makes it known to others. */
extern const char *sf_session_version(void);

/* Raises, naming them, when sessions are connected that are another version. */
extern void sf_session_gate(const char *version);

#endif
