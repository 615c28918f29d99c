/*
 * attempt.c - what may fail without failing the statement.
 *
 * The body runs in a subtransaction, as PL/pgSQL's EXCEPTION block does, so that locks, snapshots, relation references
 * and catalog changes of a failed body are gone afterwards.  Memory: the body allocates in the caller's context; what
 * it had allocated when it failed stays there until the caller's end.
 */
#include "postgres.h"

#include "lib/attempt.h"

#include "access/xact.h"
#include "utils/resowner.h"

ErrorData *
sf_attempt(void (*body) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		body(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

bool
sf_not_understood(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION || category == ERRCODE_DATA_EXCEPTION ||
		category == ERRCODE_FEATURE_NOT_SUPPORTED || error->sqlerrcode == ERRCODE_INVALID_SCHEMA_NAME;
}
