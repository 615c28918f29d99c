/*
 * canon.c - deparsed text made a fixpoint of reparsing.
 *
 * The server prints what the parser made of the user's words, and a parser that reads the print may make something
 * else of it: then a copy made from the print differs from its original.  What is known (traps B7, E26, E67):
 *	- A list compared with a varchar (IN, NOT IN) is an array cast as a whole, (ARRAY[a, b])::text[]; read again the
 *	  cast goes to the elements, ARRAY[(a)::text, (b)::text].
 *	- VALUES under a view's own column names, (VALUES ...), is read again as a subquery, ( VALUES ...).
 *	- An AND (OR) that begins with another in parentheses, ((a AND b) AND c), is read again as one of three.  What a
 *	  BETWEEN, or a comparison of rows, stands for at the beginning is such a one.
 *	- The minus of a number, (- 2.5), which was written -2.5::numeric, is read again as a negative number.
 *	- Rows within rows that are compared, (ROW(a, b) = ROW(1, 2)), are read again as comparisons of their fields.
 * The first two are brought into the form that they have after one more round.  In the next two a cast to the type that
 * the thing has hides it from the parser, in the last a row of one field around each; it leaves nothing in the stored
 * tree: so they stay what they are.  pg_dump hides nothing: a database that was restored has the other form, which says
 * the same, so comparisons of chains and numbers are made in that one (sf_restored()).  No catalogs are read; memory:
 * current context.
 */
#include "postgres.h"

#include "facts/canon.h"
#include "kinds/kind.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

static const char values_head[] = "(VALUES ";
static const char array_head[] = "ARRAY[";
static const char cast_array_head[] = "(ARRAY[";
static const char chain_head[] = "((";
static const char minus_head[] = "(- ";
static const char row_head[] = "ROW(";
static const char *const connectives[] = {" AND ", " OR "};
/* Of whole rows; others, and these outermost, are printed field by field. */
static const char *const row_tests[] = {" IS DISTINCT FROM ", " = ", " <> "};

/* What hides a chain and a number from the parser. */
static const char chain_cast[] = "::boolean";
static const char hidden_minus_head[] = "(- (";

/* If what starts at p is to be another text: write that, return what is behind.  Else NULL. */
typedef const char *(*Rule) (StringInfo out, const char *p, const char *end);

static void canonical(StringInfo out, const char *text, const char *end);

static bool
starts(const char *text, const char *end, const char *head)
{
	Size		n = strlen(head);

	return (Size) (end - text) >= n && memcmp(text, head, n) == 0;
}

/* Behind the literal or quoted name that starts here; a doubled quote ends one and starts the next. */
static const char *
behind_quoted(const char *p, const char *end)
{
	char		quote = *p++;

	while (p < end && *p != quote)
		p++;
	return p < end ? p + 1 : end;
}

/* Behind the bracket or parenthesis that closes the one before "p". */
static const char *
behind_closing(const char *p, const char *end)
{
	int			depth = 1;

	while (p < end && depth > 0)
	{
		if (*p == '\'' || *p == '"')
		{
			p = behind_quoted(p, end);
			continue;
		}
		if (*p == '(' || *p == '[')
			depth++;
		else if (*p == ')' || *p == ']')
			depth--;
		p++;
	}
	return p;
}

/* The end of the element type in "type[]" that starts here, NULL when it is something else.  It has no length. */
static const char *
end_of_element_type(const char *p, const char *end)
{
	while (p < end)
	{
		if (*p == '"')
			p = behind_quoted(p, end);
		else if (starts(p, end, "[]"))
			return p;
		else if (isalnum((unsigned char) *p) || IS_HIGHBIT_SET(*p) || strchr("_.$ ", *p))
			p++;
		else
			return NULL;
	}
	return NULL;
}

static void append_array(StringInfo out, const char *p, const char *end, const char *type, int type_length);

/* An element, cast unless it is an array of the next dimension, which hands the cast on. */
static void
append_element(StringInfo out, const char *p, const char *end, const char *type, int type_length)
{
	while (p < end && *p == ' ')
		p++;
	if (starts(p, end, array_head) && behind_closing(p + strlen(array_head), end) == end)
		append_array(out, p + strlen(array_head), end - 1, type, type_length);
	else
	{
		appendStringInfoChar(out, '(');
		canonical(out, p, end);
		appendStringInfo(out, ")::%.*s", type_length, type);
	}
}

/* The elements between p and end, as an array whose elements are cast. */
static void
append_array(StringInfo out, const char *p, const char *end, const char *type, int type_length)
{
	const char *element = p;

	check_stack_depth();
	appendStringInfoString(out, array_head);
	while (p < end)
	{
		if (*p == '\'' || *p == '"')
			p = behind_quoted(p, end);
		else if (*p == '(' || *p == '[')
			p = behind_closing(p + 1, end);
		else if (*p == ',')
		{
			append_element(out, element, p, type, type_length);
			appendStringInfoString(out, ", ");
			element = ++p;
		}
		else
			p++;
	}
	append_element(out, element, end, type, type_length);
	appendStringInfoChar(out, ']');
}

/* If a cast array starts here: write it, return what is behind it.  Else NULL. */
static const char *
cast_array(StringInfo out, const char *p, const char *end)
{
	const char *elements = p + strlen(cast_array_head);
	const char *closing = behind_closing(elements, end);
	const char *type;
	const char *type_end;

	if (!starts(closing, end, ")::"))
		return NULL;
	type = closing + strlen(")::");
	type_end = end_of_element_type(type, end);
	if (type_end == NULL)
		return NULL;
	append_array(out, elements, closing - 1, type, type_end - type);
	return type_end + strlen("[]");
}

/* The word that connects the operands between p and end: " AND ", " OR ", or NULL when it is one operand. */
static const char *
connective(const char *p, const char *end)
{
	while (p < end)
	{
		if (*p == '\'' || *p == '"')
			p = behind_quoted(p, end);
		else if (*p == '(' || *p == '[')
			p = behind_closing(p + 1, end);
		else
		{
			for (int i = 0; i < lengthof(connectives); i++)
				if (starts(p, end, connectives[i]))
					return connectives[i];
			p++;
		}
	}
	return NULL;
}

/* Behind the parenthesis that starts here, if it is the first operand of what its own operands are connected by. */
static const char *
chain_in_chain(const char *p, const char *end)
{
	const char *behind = behind_closing(p + 1, end);
	const char *word = connective(p + 1, behind - 1);

	return word && starts(behind, end, word) ? behind : NULL;
}

/* The end of the number that is all of the operand starting here, NULL when it is something else. */
static const char *
end_of_number(const char *p, const char *end)
{
	while (p < end && (isdigit((unsigned char) *p) || strchr(".e+-", *p)))
		p++;
	return starts(p, end, ")") ? p : NULL;
}

/* The row between p and end, as the only field of another. */
static void
append_hidden_row(StringInfo out, const char *p, const char *end)
{
	appendStringInfoString(out, row_head);
	canonical(out, p, end);
	appendStringInfoChar(out, ')');
}

static bool
is_hidden_row(const char *p, const char *end)
{
	p += strlen(row_head);
	return starts(p, end, row_head) && behind_closing(p + strlen(row_head), end) == end - 1;
}

/* If two rows that are compared start here: write them hidden, return what is behind them.  Else NULL. */
static const char *
compared_rows(StringInfo out, const char *p, const char *end)
{
	const char *behind = behind_closing(p + strlen(row_head), end);

	for (int i = 0; i < lengthof(row_tests); i++)
	{
		const char *other = behind + strlen(row_tests[i]);
		const char *last;

		if (!starts(behind, end, row_tests[i]) || !starts(other, end, row_head) || is_hidden_row(p, behind))
			continue;
		last = behind_closing(other + strlen(row_head), end);
		append_hidden_row(out, p, behind);
		appendStringInfoString(out, row_tests[i]);
		append_hidden_row(out, other, last);
		return last;
	}
	return NULL;
}

static bool
is_in_word(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

/* Behind the dollar-quoted text that starts here (a routine's body); NULL: it is something else ($1). */
static const char *
behind_dollars(const char *text, const char *p, const char *end)
{
	const char *tag = p + 1;
	int			length;

	if (*p != '$' || (p > text && is_in_word(p[-1])))
		return NULL;

	while (tag < end && (isalpha((unsigned char) *tag) || *tag == '_'))
		tag++;
	if (tag == end || *tag != '$')
		return NULL;
	length = tag + 1 - p;
	for (const char *q = tag + 1; q + length <= end; q++)
		if (memcmp(q, p, length) == 0)
			return q + length;
	return NULL;
}

/* What stands in quotes stays. */
static void
rewrite(StringInfo out, const char *text, const char *end, Rule rule)
{
	const char *p = text;

	check_stack_depth();
	while (p < end)
	{
		const char *behind;

		if (*p == '\'' || *p == '"')
			behind = behind_quoted(p, end);
		else
			behind = behind_dollars(text, p, end);
		if (behind)
		{
			appendBinaryStringInfo(out, p, behind - p);
			p = behind;
		}
		else if ((behind = rule(out, p, end)) != NULL)
			p = behind;
		else
			appendStringInfoChar(out, *p++);
	}
}

static const char *
canonical_here(StringInfo out, const char *p, const char *end)
{
	const char *behind;

	if (starts(p, end, values_head))
	{
		appendStringInfoString(out, "( VALUES ");
		return p + strlen(values_head);
	}
	if (starts(p, end, cast_array_head) && (behind = cast_array(out, p, end)) != NULL)
		return behind;
	if (starts(p, end, chain_head) && (behind = chain_in_chain(p + 1, end)) != NULL)
	{
		appendStringInfoChar(out, '(');
		canonical(out, p + 1, behind);
		appendStringInfoString(out, chain_cast);
		return behind;
	}
	if (starts(p, end, row_head) && (behind = compared_rows(out, p, end)) != NULL)
		return behind;
	if (starts(p, end, minus_head) && (behind = end_of_number(p + strlen(minus_head), end)) != NULL)
	{
		int			length = behind - p - strlen(minus_head);

		p += strlen(minus_head);
		appendStringInfo(out, "%s(%.*s)::%s", minus_head, length, p,
						 strspn(p, "0123456789") == length ? "integer" : "numeric");
		return behind;
	}
	return NULL;
}

static void
canonical(StringInfo out, const char *text, const char *end)
{
	rewrite(out, text, end, canonical_here);
}

char *
sf_canonical(char *text)
{
	StringInfoData out;

	if (text == NULL || (strstr(text, cast_array_head) == NULL && strstr(text, values_head) == NULL &&
						 strstr(text, chain_head) == NULL && strstr(text, minus_head) == NULL &&
						 strstr(text, row_head) == NULL))
		return text;
	initStringInfo(&out);
	canonical(&out, text, text + strlen(text));
	return out.data;
}

/* ---- as restored ---- */

/* Behind the cast chain that starts here as the first operand of a chain of the same word, else NULL. */
static const char *
hidden_chain(const char *p, const char *end)
{
	const char *behind = behind_closing(p + 1, end);
	const char *word;

	if (!starts(behind, end, chain_cast))
		return NULL;
	word = connective(p + 1, behind - 1);
	return word && starts(behind + strlen(chain_cast), end, word) ? behind : NULL;
}

/* If a hidden negative number starts here: write it as the constant that it becomes, return what is behind. */
static const char *
hidden_number(StringInfo out, const char *p, const char *end)
{
	const char *number = p + strlen(hidden_minus_head);
	const char *behind = end_of_number(number, end);
	const char *closing;

	if (behind == NULL || !starts(behind, end, ")::"))
		return NULL;
	closing = memchr(behind + 1, ')', end - behind - 1);
	if (closing == NULL)
		return NULL;
	appendStringInfo(out, "'-%.*s'%.*s", (int) (behind - number), number, (int) (closing - behind - 1), behind + 1);
	return closing + 1;
}

static const char *
restored_here(StringInfo out, const char *p, const char *end)
{
	const char *behind;

	if (starts(p, end, chain_head) && (behind = hidden_chain(p + 1, end)) != NULL)
	{
		/* Its own first operand may be one, too. */
		StringInfoData chain;

		initStringInfo(&chain);
		rewrite(&chain, p + 1, behind, restored_here);
		appendBinaryStringInfo(out, chain.data, chain.len - 1);
		return behind + strlen(chain_cast);
	}
	return starts(p, end, hidden_minus_head) ? hidden_number(out, p, end) : NULL;
}

const char *
sf_restored(const char *text)
{
	StringInfoData out;

	if (text == NULL || (strstr(text, chain_cast) == NULL && strstr(text, hidden_minus_head) == NULL))
		return text;
	initStringInfo(&out);
	rewrite(&out, text, text + strlen(text), restored_here);
	return out.data;
}

/* ---- comparing ---- */

static const char *
as_restored(const SfFact *fact, int i, const char *text)
{
	return fact->kind->attrs[i].flags & SF_ATTR_EXPRESSION ? sf_restored(text) : text;
}

bool
sf_same_attr(const SfFact *a, const SfFact *b, int i)
{
	return sf_streq(a->attr[i], b->attr[i]) ||
		(a->attr[i] && b->attr[i] && sf_streq(as_restored(a, i, a->attr[i]), as_restored(b, i, b->attr[i])));
}

const char *
sf_fact_attr_compared(const SfFact *fact, int attr)
{
	return as_restored(fact, attr, sf_fact_attr_public(fact, attr));
}
