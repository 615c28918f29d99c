/*
 * literals.c - string literals of a declaration: where they stand, and others in their place (parse.h).
 *
 * Protocol: no catalog access; everything in the current memory context.  The server's scanner finds the literals,
 * however they are quoted.
 */
#include "postgres.h"

#include "parser/parser.h"
#include "parser/scanner.h"

#include "lib/text.h"
#include "model/parse.h"

/* String literals, as parser/scanner.h numbers tokens; 16 and later do not install the grammar's own header. */
#define SCONST	261
#define USCONST	262

static const char *
replacement(const char *value, List *olds, List *news)
{
	ListCell   *lo,
			   *ln;

	forboth(lo, olds, ln, news)
		if (strcmp(lfirst(lo), value) == 0)
			return lfirst(ln);
	return NULL;
}

static char *
replaced(const char *text, List *olds, List *news)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		at;
	core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
	StringInfoData result;
	int			done = 0;
	int			token;

	extra.standard_conforming_strings = true;
	initStringInfo(&result);
	while ((token = core_yylex(&value, &at, scanner)) != 0)
	{
		const char *new = token == SCONST ? replacement(value.str, olds, news) : NULL;

		if (new == NULL)
			continue;
		appendBinaryStringInfo(&result, text + done, at - done);
		appendStringInfoString(&result, sf_literal(new));
		/* The scanner has put an end behind the token. */
		done = at + strlen(extra.scanbuf + at);
	}
	appendStringInfoString(&result, text + done);
	scanner_finish(scanner);
	return result.data;
}

List *
sf_literal_places(const char *text)
{
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		at;
	core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
	List	   *places = NIL;
	int			token;

	extra.standard_conforming_strings = true;
	while ((token = core_yylex(&value, &at, scanner)) != 0)
		if (token == SCONST || token == USCONST)
			places = lappend_int(places, at);
	scanner_finish(scanner);
	return places;
}

void
sf_replace_literals(SfUnit *unit, SfDeclaration *declaration, List *olds, List *news)
{
	char	   *before = declaration->text;
	char	   *behind = unit->sql + declaration->offset + strlen(before);

	declaration->text = replaced(before, olds, news);
	declaration->hash = sf_declaration_hash(declaration->text);
	unit->sql = psprintf("%.*s%s%s", declaration->offset, unit->sql, declaration->text, behind);
}
