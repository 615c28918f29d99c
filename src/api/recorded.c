/*
 * recorded.c - the recorded model, for those who cannot do without.
 */
#include "postgres.h"

#include "api/hints.h"
#include "facts/stored.h"

static SfFactBase *
found(SfFactBase *model)
{
	if (model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no model is recorded"),
				 errdetail("It is what the live schema is compared with, and where plans lead to."),
				 errhint("Record one, SELECT * FROM sf_define('CREATE TABLE ...'), "
						 "or take the live schema as it is: SELECT * FROM sf_adopt().")));
	return model;
}

SfFactBase *
sf_recorded_model(void)
{
	return found(sf_model_facts());
}

SfFactBase *
sf_recorded_model_apart(void)
{
	return found(sf_model_facts_apart());
}
