/*
 * priority.c - less of the CPU for this process than for the others.
 *
 * For good: to raise its priority again a process needs a right that a server has not got.  So it is a worker's, whose
 * job is nothing else.  Where processes are not in a control group of their own Linux shares the CPU out among sessions
 * first (setsid(), which each process of a server calls; sched(7), "The autogroup feature"), so that what counts there
 * is the priority of the session.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "miscadmin.h"

#include "server/internal.h"

#define LOWEST			19
#define AUTOGROUP		"/proc/self/autogroup"
#define TRIES			20		/* the kernel takes ten in a second, of all processes */
#define AGAIN_MS		50

/* Nothing to be done where there is no such thing. */
static void
lower_session(int priority)
{
	char		number[16];
	int			fd = open(AUTOGROUP, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(number, sizeof(number), "%d", priority);
	for (int i = 0; i < TRIES && write(fd, number, strlen(number)) < 0 && errno == EAGAIN; i++)
		pg_usleep(AGAIN_MS * 1000L);
	close(fd);
}

/*
 * By so many steps, from where the server is.  Where it cannot be done the work goes on as before.
 */
void
sf_priority_lower(int nice)
{
	int			priority = Min(getpriority(PRIO_PROCESS, 0) + nice, LOWEST);

	if (setpriority(PRIO_PROCESS, 0, priority) != 0)
		ereport(WARNING, (errmsg("could not lower the priority of process %d to %d: %m", MyProcPid, priority)));
	lower_session(priority);
}
