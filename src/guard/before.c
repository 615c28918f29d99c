/*
 * before.c - definitions of what a statement is about to change or drop (definition.c), for the log.
 *
 * Locking: nothing may be locked before the statement itself does so, or two of the same could wait for each other.
 * Names are looked up without locks (named.c).  The server reads queries (of views, rules, functions) with locks on
 * what these name; so they are read only when nobody stands in the way, and the locks are given back at once.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "guard/guard.h"
#include "guard/sentry.h"
#include "lib/spi.h"
#include "server/owner.h"

/* ---- locks ---- */

/* Adds the relations that an object depends on: of Oid. */
static List *
add_relations_of(List *relations, Oid class, Oid object)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(class));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, lengthof(key), key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_depend) GETSTRUCT(tuple))->refclassid == RelationRelationId)
			relations = list_append_unique_oid(relations, ((Form_pg_depend) GETSTRUCT(tuple))->refobjid);
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return relations;
}

/* Relations that the server locks to print the object's query: of Oid.  A view's is that of its rule. */
static List *
relations_of_query(const ObjectAddress *object)
{
	List	   *relations = add_relations_of(NIL, object->classId, object->objectId);
	Relation	rules;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (object->classId != RelationRelationId)
		return relations;
	rules = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_rewrite_ev_class, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object->objectId));
	scan = systable_beginscan(rules, RewriteRelRulenameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		relations = add_relations_of(relations, RewriteRelationId, ((Form_pg_rewrite) GETSTRUCT(tuple))->oid);
	systable_endscan(scan);
	table_close(rules, AccessShareLock);
	return relations;
}

static bool
has_query(const ObjectAddress *object)
{
	char		relkind = object->classId == RelationRelationId ? get_rel_relkind(object->objectId) : '\0';

	return relkind == RELKIND_VIEW || relkind == RELKIND_MATVIEW || object->classId == ProcedureRelationId ||
		object->classId == RewriteRelationId;
}

static char *
definition_unless_locked(const ObjectAddress *object)
{
	List	   *relations,
			   *taken = NIL;
	SfOwnerState owner;
	bool		free = true;
	char	   *text;
	ListCell   *lc;

	sf_owner_enter(&owner);
	relations = has_query(object) ? relations_of_query(object) : NIL;
	foreach(lc, relations)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, lfirst_oid(lc));
		if (sf_lock_held(&tag, AccessShareLock))
			continue;			/* the transaction's own: it stays */
		free = ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock);
		if (!free)
			break;
		taken = lappend_oid(taken, lfirst_oid(lc));
	}
	text = free ? sf_definition(object) : NULL;
	foreach(lc, taken)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, lfirst_oid(lc));
		while (sf_lock_held(&tag, AccessShareLock))
			(void) LockRelease(&tag, AccessShareLock, false);
	}
	sf_owner_leave(&owner);
	return text;
}

/* ---- the objects ---- */

List *
sf_definitions_before(Node *statement)
{
	List	   *definitions = NIL;
	ListCell   *lc;

	foreach(lc, sf_named_objects(statement))
	{
		SfDefinition *definition = palloc0(sizeof(SfDefinition));

		definition->object = *(ObjectAddress *) lfirst(lc);
		definition->text = definition_unless_locked(&definition->object);
		definitions = lappend(definitions, definition);
	}
	return definitions;
}

char *
sf_definition_before(const SfSentry *sentry, const ObjectAddress *object)
{
	ListCell   *lc;

	foreach(lc, sentry->before)
	{
		const SfDefinition *definition = lfirst(lc);

		if (definition->object.classId == object->classId && definition->object.objectId == object->objectId &&
			definition->object.objectSubId == object->objectSubId)
			return definition->text;
	}
	return NULL;
}
