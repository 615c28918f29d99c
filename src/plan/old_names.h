/*
 * old_names.h - the model as it would read had nothing been renamed.
 */
#ifndef SF_OLD_NAMES_H
#define SF_OLD_NAMES_H

#include "facts/factbase.h"
#include "plan/plan.h"

/*
 * A rename changes every text that names the object: views, checks, foreign keys.  So that these compare, the model is
 * elaborated once more, the hinted objects get their old names back by the inverse RENAME in the scratch, and the
 * server maps all texts; each fact of "model" gets the outcome as its alias, which is what diff compares.  String
 * bodies compare as text.  So do sequences that are renamed with their columns.  Costs an elaboration, and another
 * where such texts need it; none when nothing is renamed.  An extension that goes into another schema renames its
 * members, which are no facts: it is put back in the same way, and its own fact alone has no alias for it.
 * hints: of SfHint, live's keys -> the model's.  Returns the model under the old names, whole; NULL: nothing is
 * renamed, or a name is taken again, so that it has names of nobody's.
 */
extern SfFactBase *sf_plan_old_names(SfFactBase *live, SfFactBase *model, List *hints);

#endif
