/*
 * compat.h - every difference between server majors, and the only file that reads PG_VERSION_NUM.
 *
 * One block a difference: what changed, in which major; our spelling is the newest one.  Majors 15 to 19.
 */
#ifndef SF_COMPAT_H
#define SF_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "schemaflow needs PostgreSQL 15 or newer"
#endif

/* The major that we were compiled for. */
#define SF_MAJOR	(PG_VERSION_NUM / 10000)

/* 18 writes pg_noreturn before the declaration and has no pg_attribute_noreturn() any more. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn	pg_attribute_noreturn()
#endif

/* 18: PortalRun lost run_once. */
#if PG_VERSION_NUM >= 180000
#define sf_portal_run(portal, count, top, dest, altdest, qc)	PortalRun(portal, count, top, dest, altdest, qc)
#else
#define sf_portal_run(portal, count, top, dest, altdest, qc)	PortalRun(portal, count, top, true, dest, altdest, qc)
#endif

/* 16: membership and the right to SET ROLE are two things. */
#if PG_VERSION_NUM >= 160000
#define sf_may_set_role(member, role)	member_can_set_role(member, role)
#else
#define sf_may_set_role(member, role)	is_member_of_role(member, role)
#endif

/* 16: one function says who owns what. */
#if PG_VERSION_NUM >= 160000
#define sf_owns_relation(relation, role)	object_ownercheck(RelationRelationId, relation, role)
#else
#define sf_owns_relation(relation, role)	pg_class_ownercheck(relation, role)
#endif

/* 16: the same of privileges. */
#if PG_VERSION_NUM >= 160000
#define sf_may_use_type(type, role)	(object_aclcheck(TypeRelationId, type, role, ACL_USAGE) == ACLCHECK_OK)
#else
#define sf_may_use_type(type, role)	(pg_type_aclcheck(type, role, ACL_USAGE) == ACLCHECK_OK)
#endif

/* 16: renamed. */
#if PG_VERSION_NUM < 160000
#define pgstat_get_local_beentry_by_index(n)	pgstat_fetch_stat_local_beentry(n)
#endif

/* 17: LockHeldByMe can look for stronger modes, too. */
#if PG_VERSION_NUM >= 170000
#define sf_lock_held(tag, mode)	LockHeldByMe(tag, mode, false)
#else
#define sf_lock_held(tag, mode)	LockHeldByMe(tag, mode)
#endif

/* 17: a virtual transaction names its process by number. */
#if PG_VERSION_NUM >= 170000
#define sf_proc_of(vxid)	ProcNumberGetProc((vxid).procNumber)
#else
#define sf_proc_of(vxid)	BackendIdGetProc((vxid).backendId)
#endif

/* 16: reports softly when it is told to. */
#if PG_VERSION_NUM >= 160000
#define sf_qualified_names(text)	stringToQualifiedNameList(text, NULL)
#else
#define sf_qualified_names(text)	stringToQualifiedNameList(text)
#endif

/* 18: RETURNING has options, so it is a clause. */
#if PG_VERSION_NUM >= 180000
#define sf_returns(statement)	((statement)->returningClause != NULL)
#else
#define sf_returns(statement)	((statement)->returningList != NIL)
#endif

/* 18: a generated column may be virtual. */
#if PG_VERSION_NUM >= 180000
#include "catalog/pg_attribute.h"
#define sf_is_virtual(constraint)	((constraint)->generated_kind == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define sf_is_virtual(constraint)	false
#endif

/* 17: a search_path as it was is called by what it is for. */
#if PG_VERSION_NUM < 170000
#define SearchPathMatcher	OverrideSearchPath
#define GetSearchPathMatcher(context)	GetOverrideSearchPath(context)
#define SearchPathMatchesCurrentEnvironment(path)	OverrideSearchPathMatchesCurrent(path)
#endif

/*
 * 16: parseTypeString() reports softly through an error context; before, missing_ok kept a type that is not there
 * silent.
 */
#if PG_VERSION_NUM < 160000
#define sf_parse_type_string(name, type, typmod) parseTypeString(name, type, typmod, true)
#else
#include "nodes/miscnodes.h"
#define sf_parse_type_string(name, type, typmod) \
	parseTypeString(name, type, typmod, (Node *) &(ErrorSaveContext) {T_ErrorSaveContext})
#endif

/* 17: event triggers can be off for a session. */
#if PG_VERSION_NUM >= 170000
#include "commands/event_trigger.h"
#define sf_event_triggers_off()	(!event_triggers)
#else
#define sf_event_triggers_off()	false
#endif

/* 17: the number of the own transaction within its process has moved. */
#if PG_VERSION_NUM >= 170000
#define sf_my_lxid()	(MyProc->vxid.lxid)
#else
#define sf_my_lxid()	(MyProc->lxid)
#endif

#endif
