/*
 * canon.h - one text for one expression.
 */
#ifndef SF_CANON_H
#define SF_CANON_H

/* Deparsed text as it would be deparsed after having been parsed again.  Returns text itself when nothing changes. */
extern char *sf_canonical(char *text);

/*
 * Canonical text as it becomes when it was dumped by pg_dump and restored (pg_upgrade does so, too).  Two that are
 * equal then say the same.  Returns text itself when nothing changes.
 */
extern const char *sf_restored(const char *text);

#endif
