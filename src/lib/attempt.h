/*
 * attempt.h - what may fail without failing the statement.
 */
#ifndef SF_LIB_ATTEMPT_H
#define SF_LIB_ATTEMPT_H

#include "utils/elog.h"

/*
 * Runs body(arg) in a subtransaction of its own.  Returns NULL when it went well, else the error that ended it, copied
 * into the caller's memory context; what the body did is undone then.  The caller decides which errors are an answer
 * and throws the others on by ReThrowError(): a cancel is never one.
 */
extern ErrorData *sf_attempt(void (*body) (void *arg), void *arg);

/* The error says that a text was not understood: syntax, names, types, values that no input function takes. */
extern bool sf_not_understood(const ErrorData *error);

#endif
