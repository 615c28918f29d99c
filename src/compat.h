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

#endif
