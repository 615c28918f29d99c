/*
 * not_null.h - what a column's NOT NULL says beyond itself: from 18 on it is a constraint with a name.
 *
 * That a column is NOT NULL is the column's attribute on every major, and the column's statements say it.
 */
#ifndef SF_NOT_NULL_H
#define SF_NOT_NULL_H

#include "kinds/kind.h"

extern const SfKind sf_kind_not_null;

/* Append the statement that makes the column NOT NULL, in the words of its constraint if it has one. */
extern void sf_emit_not_null(SfEmit *out, const SfFact *column);

/* Does a constraint say the column's NOT NULL, so that the column need not? */
extern bool sf_has_not_null(const SfFact *column);

#endif
