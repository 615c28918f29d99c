/*
 * comments.h - the text of a unit before the server's scanner sees it: comments, psql lines, COPY data.
 *
 * The server's scanner drops comments, and knows neither psql's commands nor the data lines of a dump.  This lexer
 * tracks quotes only as far as needed to find them, and blanks them out, so that every offset in the code is the same
 * offset in the text.
 */
#ifndef SF_COMMENTS_H
#define SF_COMMENTS_H

#include "postgres.h"
#include "nodes/pg_list.h"

typedef struct SfComment
{
	int			offset;			/* first byte of the comment's marker */
	int			end;			/* first byte behind it */
	int			depth;			/* parentheses open at that place */
	bool		alone;			/* nothing but white space and comments before it on its line */
	char	   *body;			/* what stands inside the marks */
} SfComment;

typedef struct SfText
{
	const char *unit;			/* for messages */
	const char *text;			/* as given */
	int			len;
	char	   *code;			/* the same length; comments, psql lines and COPY data are blank */
	List	   *comments;		/* of SfComment */
	List	   *psql;			/* of SfComment: psql's commands, where they are not refused; the body is the name */
	int		   *ends;			/* offsets of the semicolons outside parentheses */
	int			nends;
	int		   *lines;			/* offset of the first byte of each line */
	int			nlines;
	bool		dump;			/* the text says that pg_dump wrote it */
} SfText;

/*
 * Split.  Of a unit of a model, psql commands other than \restrict and \unrestrict are an error; without a unit the
 * text is a script, and they are noted.
 */
extern SfText *sf_text_read(const char *unit, const char *text);

/* 1-based line of an offset. */
extern int	sf_text_line(const SfText *text, int offset);

/* 1-based number of the statement that an offset lies in, for texts that the parser cannot split. */
extern int	sf_text_statement(const SfText *text, int offset);

#endif
