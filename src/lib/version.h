/*
 * version.h - do the extension's objects in this database fit this library?
 */
#ifndef SF_VERSION_H
#define SF_VERSION_H

/*
 * Raises when they are of another version: the library was replaced and ALTER EXTENSION UPDATE has not run here, or it
 * has and this session still has the old library.  Asked for by all that reads our tables (lib/origin.h).
 */
extern void sf_check_version(void);

/* The same as an answer, and no where the extension is not installed; each time anew. */
extern bool sf_version_fits(void);

#endif
