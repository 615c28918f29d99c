/*
 * wire.h - what sf_elaborate() and its worker tell each other.
 *
 * Payload (to the worker): integers and strings in the order of struct members, in native byte order - both ends are
 * one binary on one machine.  Rows (from the worker): SF_ROW_... says which; all have SF_ROW_COLUMNS texts.
 */
#ifndef SF_WIRE_H
#define SF_WIRE_H

#include "postgres.h"
#include "lib/stringinfo.h"

#define SF_ROW_COLUMNS	6

/* First column of a row. */
#define SF_ROW_FACT		"fact"	/* address, unit, declaration, baseline ("t" or NULL), encoded fact */
#define SF_ROW_RENAMED	"renamed"	/* the same, read after the inverse renames */
#define SF_ROW_FRESH	"fresh" /* nothing done: run it again in a fresh scratch that commits */
#define SF_ROW_EXTEND	"extend"	/* nothing done: run it again with all extensions of live */

typedef struct SfWire
{
	const char *data;
	Size		len;
	Size		at;
} SfWire;

static inline void
sf_wire_put_int(StringInfo out, int32 n)
{
	appendBinaryStringInfo(out, (const char *) &n, sizeof(n));
}

static inline void
sf_wire_put(StringInfo out, const char *text)
{
	sf_wire_put_int(out, text == NULL ? -1 : strlen(text));
	if (text != NULL)
		appendBinaryStringInfo(out, text, strlen(text) + 1);
}

static inline int32
sf_wire_int(SfWire *in)
{
	int32		n;

	if (in->at + sizeof(n) > in->len)
		elog(ERROR, "cannot happen: payload cut short");
	memcpy(&n, in->data + in->at, sizeof(n));
	in->at += sizeof(n);
	return n;
}

/* Points into the payload. */
static inline const char *
sf_wire_text(SfWire *in)
{
	int32		len = sf_wire_int(in);
	const char *text = in->data + in->at;

	if (len < 0)
		return NULL;
	if (in->at + len + 1 > in->len)
		elog(ERROR, "cannot happen: payload cut short");
	in->at += len + 1;
	return text;
}

#endif
