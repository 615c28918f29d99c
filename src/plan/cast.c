/*
 * cast.c - how a column's values get from one type to another.  See cast.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "parser/parse_coerce.h"
#include "parser/parse_type.h"
#include "plan/cast.h"
#include "utils/lsyscache.h"

static Oid
type_named(const char *name)
{
	Oid			type = InvalidOid;
	int32		typmod;

	sf_parse_type_string(name, &type, &typmod);
	return type;
}

/*
 * The server would take bytes and text as each other's input and output: ab would become \x6162, and a text with a
 * backslash in it other bytes, or none.
 */
static char *
bytes_conversion(const char *expr, Oid source, Oid target, const char *to)
{
	CoercionPathType path;
	Oid			function;
	bool		from_bytes = getBaseType(source) == BYTEAOID;

	if (from_bytes == (getBaseType(target) == BYTEAOID))
		return NULL;
	path = find_coercion_pathway(target, source, COERCION_EXPLICIT, &function);
	if (path != COERCION_PATH_NONE && path != COERCION_PATH_COERCEVIAIO)
		return NULL;
	expr = from_bytes ? psprintf("pg_catalog.convert_from(%s, 'UTF8')", expr) :
		psprintf("pg_catalog.convert_to(%s%s, 'UTF8')", expr, source == TEXTOID ? "" : "::text");
	return target == (from_bytes ? TEXTOID : BYTEAOID) ? (char *) expr : psprintf("%s::%s", expr, to);
}

char *
sf_conversion(const char *expr, const char *from, const char *to)
{
	Oid			source = strcmp(from, to) == 0 ? InvalidOid : type_named(from);
	Oid			target = type_named(to);
	Oid			function;
	char	   *bytes;

	if (OidIsValid(source) && OidIsValid(target))
	{
		if (source != target && (bytes = bytes_conversion(expr, source, target, to)) != NULL)
			return bytes;
		if (source == target ||
			find_coercion_pathway(target, source, COERCION_ASSIGNMENT, &function) != COERCION_PATH_NONE)
			return NULL;
		if (find_coercion_pathway(target, source, COERCION_EXPLICIT, &function) != COERCION_PATH_NONE)
			return psprintf("%s::%s", expr, to);
	}
	return psprintf("%s::text::%s", expr, to);
}

/* Or an array of such, where the other one is an array. */
static bool
is_string(Oid type, const char *other)
{
	Oid			element = strchr(other, '[') ? get_element_type(getBaseType(type)) : InvalidOid;
	char		category;
	bool		preferred;

	get_type_category_preferred(getBaseType(OidIsValid(element) ? element : type), &category, &preferred);
	return category == TYPCATEGORY_STRING;
}

bool
sf_casts(const char *from, const char *to)
{
	Oid			source = type_named(from),
				target = type_named(to),
				function;

	if (!OidIsValid(source) || !OidIsValid(target))
		return OidIsValid(source) ? is_string(source, to) : !OidIsValid(target) || is_string(target, from);
	return source == target ||
		find_coercion_pathway(target, source, COERCION_EXPLICIT, &function) != COERCION_PATH_NONE;
}
