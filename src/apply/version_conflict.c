/*
 * version_conflict.c - what the steps of a migration cannot touch under a view (version_conflict.h).
 *
 * Statements are parsed and their names looked up; relations are not locked, the steps do that in their order.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"

#include "apply/version_conflict.h"
#include "phases/steps.h"

static List *
add(List *addresses, Oid classid, Oid objid, int32 subid)
{
	ObjectAddress *address = palloc(sizeof(ObjectAddress));

	ObjectAddressSubSet(*address, classid, objid, subid);
	return lappend(addresses, address);
}

/* A column goes, or its type is changed. */
static bool
disturbs(const AlterTableCmd *cmd)
{
	return cmd->subtype == AT_DropColumn || cmd->subtype == AT_AlterColumnType;
}

/* A column's type is changed, or it goes; so are those of children. */
static List *
of_alter(List *addresses, const AlterTableStmt *statement)
{
	Oid			relation = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell   *lc,
			   *lr;

	if (!OidIsValid(relation))
		return addresses;
	foreach(lc, statement->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (!disturbs(cmd))
			continue;
		foreach(lr, find_all_inheritors(relation, NoLock, NULL))
		{
			AttrNumber	attno = get_attnum(lfirst_oid(lr), cmd->name);

			if (attno > 0)
				addresses = add(addresses, RelationRelationId, lfirst_oid(lr), attno);
		}
	}
	return addresses;
}

static List *
of_drop(List *addresses, const DropStmt *statement)
{
	ListCell   *lc;

	foreach(lc, statement->objects)
	{
		Relation	rel = NULL;
		ObjectAddress address = InvalidObjectAddress;

		switch (statement->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_FOREIGN_TABLE:
			case OBJECT_SEQUENCE:
				address.classId = RelationRelationId;
				address.objectId = RangeVarGetRelid(makeRangeVarFromNameList(castNode(List, lfirst(lc))), NoLock, true);
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
			case OBJECT_OPERATOR:
			case OBJECT_COLLATION:
				address = get_object_address(statement->removeType, lfirst(lc), &rel, AccessShareLock, true);
				break;
			default:
				break;
		}
		if (OidIsValid(address.objectId))
			addresses = add(addresses, address.classId, address.objectId, 0);
	}
	return addresses;
}

static Node *
statement_of(const SfStep *step)
{
	return linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
}

List *
sf_version_conflicts(List *steps)
{
	List	   *addresses = NIL;
	ListCell   *lc;

	foreach(lc, steps)
	{
		Node	   *statement = statement_of(lfirst(lc));

		CHECK_FOR_INTERRUPTS();
		if (IsA(statement, AlterTableStmt))
			addresses = of_alter(addresses, castNode(AlterTableStmt, statement));
		else if (IsA(statement, DropStmt))
			addresses = of_drop(addresses, castNode(DropStmt, statement));
	}
	return addresses;
}

bool
sf_version_may_conflict(List *steps)
{
	ListCell   *lc,
			   *cmd;

	foreach(lc, steps)
	{
		Node	   *statement = statement_of(lfirst(lc));

		if (IsA(statement, DropStmt))
			return true;
		foreach(cmd, IsA(statement, AlterTableStmt) ? castNode(AlterTableStmt, statement)->cmds : NIL)
			if (disturbs(lfirst(cmd)))
				return true;
	}
	return false;
}
