/*
 * refine.h - what the refining functions share.
 */
#ifndef SF_REFINE_H
#define SF_REFINE_H

#include "risk/risk.h"

/* Nothing when there is no mode or no name; the stronger of two modes counts. */
extern void sf_risk_add_lock(SfRisk *risk, char *schema, char *name, LOCKMODE mode);
extern void sf_risk_add_range(SfRisk *risk, const RangeVar *relation, LOCKMODE mode);

/* The table that a fact belongs to; NULL: none. */
extern const SfFact *sf_risk_table_of(const SfFact *fact);

/* The fact of the kind that an operation names, in the state before it; NULL: none. */
extern const SfFact *sf_risk_fact(const SfRiskCase *it, const char *kind);

/* Both ends of the foreign keys that need the fact: a column. */
extern void sf_risk_lock_keys_of(SfRisk *risk, const SfFact *fact, LOCKMODE mode);

/* What the foreign keys among parse nodes refer to. */
extern void sf_risk_lock_referenced(SfRisk *risk, List *constraints, LOCKMODE mode);

/* A partition takes its whole, and the default partition, along. */
extern void sf_risk_lock_whole_of(SfRisk *risk, const SfRiskCase *it);

/* Of any operation that is alone: it finds what it wants, and does nothing. */
extern void sf_refine_nothing(SfRisk *risk, const SfRiskCase *it);

#endif
