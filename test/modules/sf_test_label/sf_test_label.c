/*
 * sf_test_label.c - two providers of security labels that take every label but "refused".
 *
 * Preloaded by the test, so that the workers of schemaflow know them as a real provider's.
 */
#include "postgres.h"

#include "commands/seclabel.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static void
check_label(const ObjectAddress *object, const char *label)
{
	if (label && strcmp(label, "refused") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("this label is refused")));
}

void
_PG_init(void)
{
	register_label_provider("dummy", check_label);
	register_label_provider("Other", check_label);
}
