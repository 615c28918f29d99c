/*
 * reading.h - one reading of the catalogs, as read.c and rows.c share it.
 */
#ifndef SF_READING_H
#define SF_READING_H

#include "catalog/objectaddress.h"

#include "facts/deparse.h"
#include "facts/factbase.h"
#include "kinds/kind.h"

typedef struct SfDepend
{
	ObjectAddress from;
	ObjectAddress to;
	char		type;
} SfDepend;

typedef struct SfPromise		/* an edge to a fact that may not have been read yet */
{
	SfFact	   *from;
	char	   *to;
	char		type;
} SfPromise;

typedef struct SfReading
{
	SfFactBase *base;
	List	   *excluded;		/* schemas and extensions left out */
	struct sf_owners_hash *owners;	/* what is a part of what */
	SfDepend   *depends;
	int			ndepends;
	List	   *promised;		/* of SfPromise */
	SfDeparser *deparser;
	MemoryContext scratch;		/* dies with the reading */
} SfReading;

/* Part of an extension, directly or as a part of a part? */
extern bool sf_reading_is_member(const SfReading *reading, ObjectAddress address);

/* For each of sf_readers: can it have rows?  Connected to SPI, whose memory the answer is in. */
extern bool *sf_read_which(void);

/* Run a kind's query (connected to SPI) and add its rows to the base. */
extern void sf_read_rows(SfReading *reading, const SfReader *reader);

#endif
