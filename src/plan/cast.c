/*
 * cast.c - how a column's values get from one type to another.  See cast.h.
 */
#include "postgres.h"

#include "compat.h"
#include "parser/parse_coerce.h"
#include "parser/parse_type.h"
#include "plan/cast.h"

static Oid
type_named(const char *name)
{
	Oid			type = InvalidOid;
	int32		typmod;

	sf_parse_type_string(name, &type, &typmod);
	return type;
}

char *
sf_conversion(const char *expr, const char *from, const char *to)
{
	Oid			source = strcmp(from, to) == 0 ? InvalidOid : type_named(from);
	Oid			target = type_named(to);
	Oid			function;

	if (OidIsValid(source) && OidIsValid(target))
	{
		if (source == target ||
			find_coercion_pathway(target, source, COERCION_ASSIGNMENT, &function) != COERCION_PATH_NONE)
			return NULL;
		if (find_coercion_pathway(target, source, COERCION_EXPLICIT, &function) != COERCION_PATH_NONE)
			return psprintf("%s::%s", expr, to);
	}
	return psprintf("%s::text::%s", expr, to);
}

bool
sf_casts(const char *from, const char *to)
{
	Oid			source = type_named(from),
				target = type_named(to),
				function;

	return !OidIsValid(source) || !OidIsValid(target) || source == target ||
		find_coercion_pathway(target, source, COERCION_EXPLICIT, &function) != COERCION_PATH_NONE;
}
