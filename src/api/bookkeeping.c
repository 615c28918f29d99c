/*
 * bookkeeping.c - tables in which other tools note what they have run (bookkeeping.h).
 *
 * They stand among the application's tables and in no model.  Who comes from such a tool may want it to find its notes
 * again; so a plan that drops them says what they are.
 */
#include "postgres.h"

#include "api/bookkeeping.h"
#include "facts/stored.h"
#include "kinds/kind.h"
#include "lib/text.h"

static const struct
{
	const char *table;			/* in any case */
	const char *tool;
}			known[] =
{
	{"alembic_version", "Alembic"},
	{"django_migrations", "Django"},
	{"schema_migrations", "Rails, dbmate or golang-migrate"},
	{"ar_internal_metadata", "Rails"},
	{"flyway_schema_history", "Flyway"},
	{"databasechangelog", "Liquibase"},
	{"databasechangeloglock", "Liquibase"},
	{"_prisma_migrations", "Prisma"},
	{"__drizzle_migrations", "Drizzle"},
	{"SequelizeMeta", "Sequelize"},
	{"typeorm_metadata", "TypeORM"},
	{"mikro_orm_migrations", "MikroORM"},
	{"knex_migrations", "Knex"},
	{"knex_migrations_lock", "Knex"},
	{"pgmigrations", "node-pg-migrate"},
	{"__EFMigrationsHistory", "Entity Framework"},
	{"goose_db_version", "goose"},
	{"gorp_migrations", "sql-migrate"},
	{"atlas_schema_revisions", "Atlas"},
	{"_sqlx_migrations", "SQLx"},
	{"__diesel_schema_migrations", "Diesel"},
	{"seaql_migrations", "SeaORM"},
	{"doctrine_migration_versions", "Doctrine"},
};

List *
sf_bookkeeping_dropped(const SfPlan *plan)
{
	List	   *notes = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);

		if (action->verb != SF_VERB_DROP || action->rebuild || !action->kind->contents ||
			sf_object_of(action->old) != action->old)
			continue;
		for (int i = 0; i < lengthof(known); i++)
			if (pg_strcasecmp(sf_last(action->old), known[i].table) == 0)
				notes = lappend(notes, psprintf("%s (%s):\nSELECT sf_ignore(%s);", sf_name(action->old), known[i].tool,
												sf_literal(sf_name(action->old))));
	}
	return notes;
}
