/*
 * dual_write.h - old and new columns of a table, kept in step while both versions of an application write it.
 */
#ifndef SF_DUAL_WRITE_H
#define SF_DUAL_WRITE_H

/*
 * While true, the triggers of this backend leave rows as they are: the backfill fills new columns and is neither
 * version of the application.  Not a setting, so that no user can have it.
 */
extern void sf_dual_write_suspend(bool suspend);

#endif
