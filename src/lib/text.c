/*
 * text.c - strings that become SQL.  See text.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "catalog/pg_type.h"
#include "lib/text.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

/* quote_identifier() obeys quote_all_identifiers; what we print must not depend on a session's setting. */
const char *
sf_ident(const char *name)
{
	bool		saved = quote_all_identifiers;
	const char *result;

	quote_all_identifiers = false;
	result = quote_identifier(name);
	quote_all_identifiers = saved;
	return result;
}

char *
sf_literal(const char *text)
{
	return text ? quote_literal_cstr(text) : pstrdup("NULL");
}

char *
sf_qualified(int n, char *const *names)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&out, '.');
		appendStringInfoString(&out, sf_ident(names[i]));
	}
	return out.data;
}

int
sf_split_name(const char *text, char ***names)
{
	List	   *parts;
	int			n = 0;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(text), '.', &parts) || parts == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is not a name", text),
				 errhint("Write it as in SQL, with schema and table: public.users.phone.")));
	*names = palloc(sizeof(char *) * list_length(parts));
	foreach(lc, parts)
		(*names)[n++] = lfirst(lc);
	return n;
}

bool
sf_list_has(List *strings, const char *string)
{
	ListCell   *lc;

	foreach(lc, strings)
		if (strcmp(lfirst(lc), string) == 0)
			return true;
	return false;
}

char *
sf_join(List *strings, const char *sep)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, strings)
	{
		if (out.len > 0)
			appendStringInfoString(&out, sep);
		appendStringInfoString(&out, (char *) lfirst(lc));
	}
	return out.data;
}

char *
sf_join_some(List *strings, int most)
{
	int			n = list_length(strings);
	List	   *some = list_copy_head(strings, most);

	return sf_join(n > most ? lappend(some, psprintf("and %d more", n - most)) : some, ", ");
}

/*
 * array_out's text form, read without the catalog; all elements share one buffer.
 */
int
sf_text_array_in(const char *text, char ***elements)
{
	const char *p = text;
	int			n = 0,
				room = 4;
	char	  **out = palloc(room * sizeof(char *));
	char	   *buffer = palloc(strlen(text) + 1);

	if (*p != '{')
		elog(ERROR, "cannot happen: not an array: %s", text);
	for (p++; *p && *p != '}';)
	{
		char	   *item = buffer;
		bool		quoted = (*p == '"');

		if (quoted)
			p++;
		while (*p && (quoted ? *p != '"' : (*p != ',' && *p != '}')))
		{
			if (*p == '\\' && p[1])
				p++;
			*buffer++ = *p++;
		}
		*buffer++ = '\0';
		if (quoted && *p)
			p++;
		if (*p == ',')
			p++;
		if (n == room)
			out = repalloc(out, (room *= 2) * sizeof(char *));
		out[n++] = !quoted && strcmp(item, "NULL") == 0 ? NULL : item;
	}
	*elements = out;
	return n;
}

int
sf_text_array_elements(Datum array, char ***elements)
{
	ArrayType  *in = DatumGetArrayTypeP(array);
	bool		names = ARR_ELEMTYPE(in) == NAMEOID;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(in, ARR_ELEMTYPE(in), names ? NAMEDATALEN : -1, false, names ? TYPALIGN_CHAR : TYPALIGN_INT,
					  &values, &nulls, &n);
	*elements = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
		(*elements)[i] = nulls[i] ? NULL :
						 names	  ? pstrdup(NameStr(*DatumGetName(values[i]))) :
									TextDatumGetCString(values[i]);
	return n;
}

Datum
sf_text_array(int n, char *const *elements)
{
	Datum	   *values = palloc(Max(n, 1) * sizeof(Datum));
	bool	   *nulls = palloc(Max(n, 1) * sizeof(bool));
	int			lower = 1;

	for (int i = 0; i < n; i++)
	{
		nulls[i] = elements[i] == NULL;
		values[i] = elements[i] ? CStringGetTextDatum(elements[i]) : (Datum) 0;
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &n, &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

char *
sf_replaced(char *text, const char *from, const char *to)
{
	StringInfoData out;
	char	   *at = strstr(text, from);

	if (at == NULL)
		return text;
	initStringInfo(&out);
	for (; at; text = at + strlen(from), at = strstr(text, from))
	{
		appendBinaryStringInfo(&out, text, at - text);
		appendStringInfoString(&out, to);
	}
	appendStringInfoString(&out, text);
	return out.data;
}

char *
sf_texts_pack(int n, const char *const *texts, Size *len)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < n; i++)
		appendBinaryStringInfo(&out, texts[i], strlen(texts[i]) + 1);
	*len = out.len;
	return out.data;
}

void
sf_texts_unpack(const char *packed, int n, const char **texts)
{
	for (int i = 0; i < n; i++)
	{
		texts[i] = packed;
		packed += strlen(packed) + 1;
	}
}

bool
sf_streq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

char *
sf_one_line(const char *text, int width)
{
	char	   *line = palloc(strlen(text) + 1);
	char	   *to = line;

	for (const char *from = text; *from; from++)
	{
		bool		blank = strchr(" \t\r\n", *from) != NULL;

		if (!blank)
			*to++ = *from;
		else if (to > line && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	if (strlen(line) <= width)
		return line;
	return psprintf("%s...", pnstrdup(line, pg_mbcliplen(line, strlen(line), width - 3)));
}
