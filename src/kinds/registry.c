/*
 * registry.c - the list of kinds and of the queries that read them.  A new kind is one line in each list that it needs.
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "kinds/queries.h"

/* X(C name of the SfKind), in any order. */
#define SF_KINDS(X) \
	X(schema) X(extension) X(table) X(foreign_table) X(partition) X(inheritance) X(column) X(not_null) X(default) \
	X(generated) X(identity) X(primary_key) X(unique) X(check) X(foreign_key) X(exclusion) X(constraint_index) \
	X(index) X(sequence) X(owned_by) X(enum) X(enum_value) X(domain) X(domain_constraint) \
	X(view) X(view_column) X(view_default) X(materialized_view) X(materialized_view_column) \
	X(rule) X(trigger) X(trigger_state) X(constraint_trigger_state) X(policy) X(event_trigger) X(statistics) \
	X(function) X(procedure) X(aggregate) X(composite) X(attribute) X(range) X(base_type) X(shell_type) \
	X(collation) X(ts_parser) X(ts_template) X(ts_dict) X(ts_config) X(cast) X(operator) X(operator_family) \
	X(family_member) X(operator_class) X(language) X(transform) X(access_method) X(conversion) \
	X(foreign_data_wrapper) X(server) X(user_mapping) X(publication) X(publication_table) X(publication_schema) \
	X(subscription) \
	X(owner) X(comment) X(security_label) X(grant) X(member_grant) X(member_label) X(member_comment) \
	X(default_privileges)

#define SF_DECLARE_KIND(name) extern const SfKind sf_kind_##name;
SF_KINDS(SF_DECLARE_KIND)
#define SF_LIST_KIND(name) &sf_kind_##name,
const SfKind *const sf_kinds[] = {SF_KINDS(SF_LIST_KIND)};
const int	sf_nkinds = lengthof(sf_kinds);

/* Parents are read before their children, satellites last. */
#define SF_READER_AS(name, ...) {#name, sf_sql_##name, sf_when_##name, __VA_ARGS__}
#define SF_READER(name) SF_READER_AS(name, .hidden = false)
const SfReader sf_readers[] = {
	SF_READER(schema),
	SF_READER(extension),
	SF_READER(enum),
	SF_READER(enum_value),
	SF_READER(domain),
	SF_READER(domain_constraint),
	SF_READER(sequence),
	SF_READER(foreign_data_wrapper),
	SF_READER(foreign_server),
	SF_READER(user_mapping),
	SF_READER(table),
	SF_READER(partition),
	SF_READER(column),
	SF_READER(not_null),
	SF_READER(default),
	SF_READER(identity),
	SF_READER(owned_by),
	SF_READER(constraint),
	SF_READER(constraint_index),
	SF_READER(view),
	SF_READER(materialized_view),
	SF_READER(view_column),
	SF_READER(view_default),
	SF_READER(index),
	SF_READER(statistics),
	SF_READER(rule),
	SF_READER(trigger),
	SF_READER(trigger_state),
	SF_READER(policy),
	SF_READER(event_trigger),
	SF_READER(collation),
	SF_READER(language),
	SF_READER(composite),
	SF_READER(attribute),
	SF_READER(range),
	SF_READER(base_type),
	SF_READER(function),
	SF_READER(aggregate),
	SF_READER(access_method),
	SF_READER(operator),
	SF_READER(operator_family),
	SF_READER(operator_class),
	SF_READER(family_member),
	SF_READER(cast),
	SF_READER(conversion),
	SF_READER(transform),
	SF_READER(ts_parser),
	SF_READER(ts_template),
	SF_READER(ts_dict),
	SF_READER(ts_config),
	SF_READER(publication),
	SF_READER(publication_table),
	SF_READER(publication_schema),
	SF_READER_AS(subscription, .hidden = true),
	SF_READER(owner),
	SF_READER(comment),
	SF_READER(security_label),
	SF_READER(grant),
	SF_READER(member_grant),
	SF_READER(member_label),
	SF_READER_AS(member_comment, .given = true),
	SF_READER(default_privileges),
};
const int	sf_nreaders = lengthof(sf_readers);

const SfKind *
sf_kind_or_null(const char *name)
{
	for (int i = 0; i < sf_nkinds; i++)
		if (strcmp(sf_kinds[i]->name, name) == 0)
			return sf_kinds[i];
	return NULL;
}

const SfKind *
sf_kind(const char *name)
{
	const SfKind *kind = sf_kind_or_null(name);

	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("there is no kind of object \"%s\"", name)));
	return kind;
}

int
sf_kind_attr(const SfKind *kind, const char *attr)
{
	for (int i = 0; i < kind->nattrs; i++)
		if (strcmp(kind->attrs[i].name, attr) == 0)
			return i;
	return -1;
}
