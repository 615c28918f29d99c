/*
 * foreign.c - foreign data wrappers, servers and user mappings.  Foreign tables are in table.c.
 *
 * Handler and validator are functions, usually an extension's.  Options are canonical "name 'value', ..." in order
 * of names.
 */
#include "postgres.h"

#include "kinds/kind.h"

static char *
options_clause(const SfFact *fact)
{
	const char *options = sf_attr(fact, "options");

	return options ? psprintf(" OPTIONS (%s)", options) : "";
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP %s", sf_address(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER %s RENAME TO %s", sf_address(old), sf_ident(sf_last(new)));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_fdw_options(out, psprintf("ALTER %s", sf_address(new)), sf_attr(old, "options"), sf_attr(new, "options"));
}

/* ---- foreign data wrapper ---- */

static void
create_wrapper(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *handler = sf_attr(fact, "handler");
	const char *validator = sf_attr(fact, "validator");

	sf_emit(out, "CREATE %s%s%s%s%s%s", sf_address(fact), handler ? " HANDLER " : "", handler ? handler : "",
			validator ? " VALIDATOR " : "", validator ? validator : "", options_clause(fact));
}

static void
alter_functions(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	StringInfoData sql;
	static const struct
	{
		const char *attr;
		const char *words;
	}			functions[] = {{"handler", "HANDLER"}, {"validator", "VALIDATOR"}};

	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER %s", sf_address(new));
	for (int i = 0; i < lengthof(functions); i++)
	{
		const char *function = sf_attr(new, functions[i].attr);

		if (!sf_changed(old, new, functions[i].attr))
			continue;
		if (function)
			appendStringInfo(&sql, " %s %s", functions[i].words, function);
		else
			appendStringInfo(&sql, " NO %s", functions[i].words);
	}
	sf_emit(out, "%s", sql.data);
}

static const SfAttr wrapper_attrs[] = {
	{"handler", SF_ALTER, alter_functions},
	{"validator", SF_ALTER, alter_functions},
	{"options", SF_ALTER, alter_options},
};

const SfKind sf_kind_foreign_data_wrapper = {
	.name = "foreign data wrapper",
	.keyword = "FOREIGN DATA WRAPPER",
	.weight = 85,
	.attrs = wrapper_attrs,
	.nattrs = lengthof(wrapper_attrs),
	.create = create_wrapper,
	.drop = drop,
	.rename = rename_it,
	.acl_class = 'F',
};

/* ---- server ---- */

static void
create_server(SfEmit *out, const SfFact *fact, List *folded)
{
	const char *type = sf_attr(fact, "type");
	const char *version = sf_attr(fact, "version");

	sf_emit(out, "CREATE %s%s%s%s%s FOREIGN DATA WRAPPER %s%s", sf_address(fact), type ? " TYPE " : "",
			type ? type : "", version ? " VERSION " : "", version ? version : "", sf_ident(sf_attr(fact, "wrapper")),
			options_clause(fact));
}

static void
alter_version(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *version = sf_attr(new, "version");

	sf_emit(out, "ALTER %s VERSION %s", sf_address(new), version ? version : "NULL");
}

static const SfAttr server_attrs[] = {
	{"wrapper", SF_REPLACE},
	{"type", SF_REPLACE},
	{"version", SF_ALTER, alter_version},
	{"options", SF_ALTER, alter_options, SF_ATTR_SECRET},
};

const SfKind sf_kind_server = {
	.name = "server",
	.keyword = "SERVER",
	.weight = 86,
	.attrs = server_attrs,
	.nattrs = lengthof(server_attrs),
	.create = create_server,
	.drop = drop,
	.rename = rename_it,
	.acl_class = 'S',
};

/* ---- user mapping ---- */

static char *
address_mapping(const SfFact *fact)
{
	const char *role = sf_attr(fact, "role");

	return psprintf("USER MAPPING FOR %s SERVER %s", role ? sf_ident(role) : "PUBLIC", sf_ident(fact->name[0]));
}

static void
create_mapping(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "CREATE %s%s", sf_address(fact), options_clause(fact));
}

static char *
label_mapping(const SfFact *fact)
{
	return psprintf("user mapping for %s on server %s", sf_last(fact), fact->name[0]);
}

static const SfAttr mapping_attrs[] = {
	{"role", SF_REPLACE, NULL, SF_ATTR_ROLE},
	{"options", SF_ALTER, alter_options, SF_ATTR_SECRET},
};

/* The server refuses to go while mappings stand: each has a statement of its own. */
const SfKind sf_kind_user_mapping = {
	.name = "user mapping",
	.weight = 87,
	.role_names = 1,
	.attrs = mapping_attrs,
	.nattrs = lengthof(mapping_attrs),
	.create = create_mapping,
	.drop = drop,
	.address = address_mapping,
	.label = label_mapping,
};
