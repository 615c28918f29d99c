/*
 * owner.c - the switch to the extension's owner for bookkeeping.
 *
 * Locking: a catalog look-up each time, as the owner may change.  The user id carries SECURITY_LOCAL_USERID_CHANGE,
 * in which role cannot be set; search_path is pinned in a new GUC nest level.  Both are undone by leave, or by the
 * abort of the transaction or subtransaction.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "lib/pins.h"
#include "lib/text.h"
#include "server/owner.h"

Oid
sf_owner_id(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("schemaflow"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"schemaflow\" is not installed in this database"),
				 errhint("CREATE EXTENSION schemaflow.")));
	return owner;
}

void
sf_must_own_table(Oid relid)
{
	Relation	rel;
	char	   *names[2];

	if (sf_owns_relation(relid, GetUserId()))
		return;
	rel = relation_open(relid, AccessShareLock);
	names[0] = get_namespace_name(RelationGetNamespace(rel));
	names[1] = RelationGetRelationName(rel);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("must be owner of table %s", sf_qualified(2, names)),
			 errhint("SET ROLE %s.", sf_ident(GetUserNameFromId(rel->rd_rel->relowner, false)))));
}

/*
 * Where the outermost enter was.  An error leaves no mark behind: it ends the subtransaction, or the transaction, that
 * the mark is of.
 */
static LocalTransactionId at_work_in = InvalidLocalTransactionId;
static SubTransactionId at_work_since = InvalidSubTransactionId;

bool
sf_owner_is_at_work(void)
{
	return at_work_since != InvalidSubTransactionId && at_work_in == sf_my_lxid() &&
		SubTransactionIsActive(at_work_since);
}

void
sf_owner_enter(SfOwnerState *state)
{
	Oid			owner = sf_owner_id();

	state->outermost = !sf_owner_is_at_work();
	if (state->outermost)
	{
		at_work_in = sf_my_lxid();
		at_work_since = GetCurrentSubTransactionId();
	}
	GetUserIdAndSecContext(&state->user, &state->context);
	state->guc_level = NewGUCNestLevel();
	SetUserIdAndSecContext(owner, state->context | SECURITY_LOCAL_USERID_CHANGE);
	sf_set_here("search_path", "pg_catalog, pg_temp");
	/* The owner is no table owner's equal where RLS is on: ours have none. */
	sf_set_here("row_security", "off");
}

void
sf_owner_leave(const SfOwnerState *state)
{
	AtEOXact_GUC(false, state->guc_level);
	SetUserIdAndSecContext(state->user, state->context);
	if (state->outermost)
		at_work_since = InvalidSubTransactionId;
}
