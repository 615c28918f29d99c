/*
 * schemaflow.c - module magic and _PG_init; nothing else.
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "guard/sentry.h"
#include "guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/*
 * The library needs no preload: it is loaded by the first call of one of its functions, or by a worker.  Where it is
 * preloaded, the guard sees more (guard/hook.c).
 */
void
_PG_init(void)
{
	sf_guc_define();
	sf_guard_hook();
}
