/*
 * stamp.c - has somebody run DDL meanwhile?  See stamp.h.
 *
 * One heap scan a catalog with ACCESS SHARE on catalogs only.  A row is hashed by its place and the transaction that
 * wrote it: an update of a row moves it or changes its xmin, a delete takes it away.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_description.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_range.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_config_map.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "common/hashfn.h"
#include "facts/stamp.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Every DDL that changes a fact writes at least one of these. */
static const Oid catalogs[] = {
	PartitionedRelationId, ForeignDataWrapperRelationId, ForeignServerRelationId, ForeignTableRelationId,
	UserMappingRelationId, PublicationRelationId, PublicationRelRelationId, PublicationNamespaceRelationId,
	DefaultAclRelationId, SecLabelRelationId,
	RelationRelationId, AttributeRelationId, AttrDefaultRelationId, ConstraintRelationId, IndexRelationId,
	InheritsRelationId, TypeRelationId, EnumRelationId, SequenceRelationId, ProcedureRelationId, RewriteRelationId,
	TriggerRelationId, PolicyRelationId, NamespaceRelationId, DescriptionRelationId, StatisticExtRelationId,
	ExtensionRelationId, EventTriggerRelationId, CollationRelationId, ConversionRelationId, CastRelationId,
	TransformRelationId, LanguageRelationId, AggregateRelationId, RangeRelationId, AccessMethodRelationId,
	OperatorRelationId, OperatorClassRelationId, OperatorFamilyRelationId, AccessMethodOperatorRelationId,
	AccessMethodProcedureRelationId, TSConfigRelationId, TSConfigMapRelationId, TSDictionaryRelationId,
	TSParserRelationId, TSTemplateRelationId,
};

struct SfStamp
{
	uint64		hash[lengthof(catalogs)];

};

static uint64
hash_catalog(Oid catalog)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	HeapTuple	tuple;
	uint64		hash = 0;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		struct
		{
			uint32		block;
			uint32		offset;
			TransactionId xmin;
		}			row;

		row.block = ItemPointerGetBlockNumber(&tuple->t_self);
		row.offset = ItemPointerGetOffsetNumber(&tuple->t_self);
		row.xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
		/* A sum, since the order of a synchronised scan is not ours to know. */
		hash += hash_bytes_extended((unsigned char *) &row, sizeof(row), 0);
		CHECK_FOR_INTERRUPTS();
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return hash;
}

SfStamp *
sf_stamp_take(void)
{
	SfStamp    *stamp = palloc0(sizeof(SfStamp));

	for (int i = 0; i < lengthof(catalogs); i++)
		stamp->hash[i] = hash_catalog(catalogs[i]);
	return stamp;
}

bool
sf_stamp_equal(const SfStamp *a, const SfStamp *b)
{
	return memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

void
sf_stamp_report(const SfStamp *before, const SfStamp *after)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(catalogs); i++)
		if (before->hash[i] != after->hash[i])
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", get_rel_name(catalogs[i]));
	ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
					errmsg("the schema is being changed by another session while it is read"),
					errdetail("Three readings in a row saw different rows in %s.", names.data),
					errhint("See who runs DDL: SELECT pid, usename, query FROM pg_stat_activity WHERE state = "
							"'active'; then call again.")));
}
