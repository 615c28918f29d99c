/*
 * kinds.c - SQL entry point that shows what is modelled: sf_kinds().
 *
 * It prints the descriptors (kinds/kind.h), which the differ and the planner work by; docs/kinds.md is made from it.
 * Nothing is read from the catalogs or written.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "kinds/kind.h"

PG_FUNCTION_INFO_V1(sf_kinds_show);

/* In the words of docs/kinds.md. */
static const char *
how_mended(const SfKind *kind, const SfAttr *attr)
{
	if (attr->flags & SF_ATTR_STATE)
		return "state";
	switch (attr->how)
	{
		case SF_ALTER:
			return psprintf("in place%s%s", attr->in_place == NULL ? "" : kind->swaps ? " or swapped" : " or replaced",
							attr->flags & SF_ATTR_REBUILDS ? ", dependents rebuilt" : "");
		case SF_REPLACE:
			return kind->swaps ? "swapped" : "replaced";
		case SF_REPLACE_PARENT:
			return "parent replaced";
		case SF_IGNORE:
			return "ignored";
	}
	elog(ERROR, "cannot happen: way %d of mending %s of %s", attr->how, attr->name, kind->name);
}

/* One row an attribute; a kind without any has one row with a NULL attribute. */
Datum
sf_kinds_show(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < sf_nkinds; i++)
	{
		const SfKind *kind = sf_kinds[i];

		for (int j = 0; j < Max(kind->nattrs, 1); j++)
		{
			const SfAttr *attr = j < kind->nattrs ? &kind->attrs[j] : NULL;
			Datum		values[5];
			bool		nulls[5] = {false, kind->keyword == NULL, false, attr == NULL, attr == NULL};

			values[0] = CStringGetTextDatum(kind->name);
			values[1] = kind->keyword ? CStringGetTextDatum(kind->keyword) : (Datum) 0;
			values[2] = BoolGetDatum(kind->rename != NULL);
			values[3] = attr ? CStringGetTextDatum(attr->name) : (Datum) 0;
			values[4] = attr ? CStringGetTextDatum(how_mended(kind, attr)) : (Datum) 0;
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}
