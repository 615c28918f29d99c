/*
 * define.h - what the functions that record the model share.
 */
#ifndef SF_DEFINE_H
#define SF_DEFINE_H

#include "facts/factbase.h"
#include "fmgr.h"

#define SF_MAIN_UNIT	"main"

/* The argument, of type text or name, as C string; NULL is refused by the argument's name. */
extern char *sf_text_arg(FunctionCallInfo fcinfo, int n, const char *name);

/* An interval in microseconds, months and days as they are on average: it is a limit, no date.  NULL is refused. */
extern int64 sf_interval_arg(FunctionCallInfo fcinfo, int n, const char *name);

extern char *sf_name_arg(FunctionCallInfo fcinfo, int n, const char *name);

/* Is there such an object?  NULL: nothing is there. */
extern bool sf_is_in(const SfFactBase *base, const char *kind, const char *name);

/* Something is said of an object by its name, which is nobody's: mostly a slip. */
extern void sf_notice_unknown(const char *kind, const char *name);

/*
 * Record a unit and put the rows of what changed into the result set: change, kind, object.
 */
extern void sf_record_unit(FunctionCallInfo fcinfo, const char *name, const char *source, char *sql, bool allow_shrink);

#endif
