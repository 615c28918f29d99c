/*
 * throttle.h - how fast the backfill may go: as fast as replicas and slots follow and others leave room, and no
 * faster than it is told to.
 */
#ifndef SF_THROTTLE_H
#define SF_THROTTLE_H

/* Call first, outside of transactions: from here on WAL is counted. */
extern void sf_throttle_start(void);

/*
 * Between batches, outside of transactions: returns when the next one may begin.  Says what it waits for.  ms: what the
 * one before took.
 */
extern void sf_throttle(long ms);

/* In a transaction: who is furthest behind, when that is too far: "standby s1 is 80 MB behind"; else NULL. */
extern char *sf_throttle_laggard(void);

#endif
