/*
 * pins.h - the settings under which facts are read (architecture.md, "Pins").
 *
 *	int level = sf_pins_enter();
 *	... read ...
 *	sf_pins_leave(level);
 *
 * An error in between needs nothing: the transaction's abort undoes the GUC nest level.  A function that commits in
 * between must leave before and enter again after.
 */
#ifndef SF_PINS_H
#define SF_PINS_H

/* A setting for the current GUC nest level, and one to the end of the transaction; the latter needs no rights. */
extern void sf_set_here(const char *name, const char *value);
extern void sf_set_local(const char *name, const char *value);

extern int	sf_pins_enter(void);
extern void sf_pins_leave(int level);

#endif
