/*
 * canon.h - one text for one expression.
 */
#ifndef SF_CANON_H
#define SF_CANON_H

/* Deparsed text as it would be deparsed after having been parsed again.  Returns text itself when nothing changes. */
extern char *sf_canonical(char *text);

#endif
