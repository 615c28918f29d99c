/*
 * origin.h - which database a row of ours comes from.
 *
 * Rows of our tables travel: in dumps, by template copies, by replication.  Each carries the cluster's system
 * identifier and the database's OID as its first two columns; rows of another origin are history here.
 */
#ifndef SF_ORIGIN_H
#define SF_ORIGIN_H

/* As texts, for the arguments of lib/spi.h.  The first raises when our tables are not those that this library knows. */
extern const char *sf_origin_system(void);
extern const char *sf_origin_database(void);

/*
 * The condition on a table's row, for $1 = sf_origin_system(), $2 = sf_origin_database().  Trusted: written by us and
 * not by a restore of the database's owner, who may insert (install/01_origin.sql).
 */
#define SF_ORIGIN_IS_OURS \
	"system_identifier OPERATOR(pg_catalog.=) $1::pg_catalog.int8 " \
	"AND database_oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid AND trusted"

#endif
