/*
 * render.h - facts as DDL text.
 */
#ifndef SF_RENDER_H
#define SF_RENDER_H

#include "facts/factbase.h"

/*
 * The whole base as a script that makes it in an empty database (baseline facts left out); statements end with
 * ";\n".
 */
extern char *sf_render_all(SfFactBase *base);

/* The same, with what is needed where an empty database has other facts than the base: DROP SCHEMA public. */
extern char *sf_render_from(SfFactBase *empty, SfFactBase *base);

/* Only the facts whose key, label or SQL name is "object", and what is inside them (a schema's, a table's). */
extern char *sf_render_object(SfFactBase *base, const char *object);

#endif
