/*
 * spi.h - run a query and walk its rows as texts.
 *
 * All queries run read-write with a fresh snapshot each, with the caller's user and GUCs (enter pins.h first when the
 * text has to be canonical).  Arguments are texts; a NULL pointer is SQL NULL.  The result lives in the current memory
 * context of the caller, not in SPI's.
 */
#ifndef SF_SPI_H
#define SF_SPI_H

#include "postgres.h"

typedef struct SfRows
{
	int			nrows;
	int			ncols;
	char	  **colnames;		/* ncols */
	char	  **values;			/* nrows * ncols output texts, NULL = SQL NULL */
} SfRows;

#define sf_cell(rows, r, c) ((rows)->values[(r) * (rows)->ncols + (c)])

/* Run sql with text arguments $1..$n; connects to SPI by itself (nested connections are fine). */
extern SfRows *sf_query(const char *sql, int nargs, const char *const *args);

/*
 * For what runs often: the query is planned once in a session.  kept is a static variable of the caller, for this text
 * only; the search_path has to be the same each time (pins.h).
 */
typedef struct _SPI_plan *SfKeptPlan;
extern SfRows *sf_query_kept(SfKeptPlan *kept, const char *sql, int nargs, const char *const *args);

/* The same for statements whose rows do not matter; returns the number of rows processed. */
extern uint64 sf_execute(const char *sql, int nargs, const char *const *args);

/* First column of the first row, or NULL when there is no row or it is NULL. */
extern char *sf_query_text(const char *sql, int nargs, const char *const *args);

#endif
