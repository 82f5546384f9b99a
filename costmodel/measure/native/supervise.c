/* One child a job, watched: it ends in time or it is ended. */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 100

/* Wait for SIGCHLD, LOOK_MS at most. */
static void look_again(const sigset_t *child_ended)
{
	struct timespec most = { 0, LOOK_MS * 1000000l };

	sigtimedwait(child_ended, NULL, &most);
}

/* Milliseconds that passed on this thread's clock of the machine. */
static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Run the job in a child and leave its report in `shared`. */
void supervise(const struct job *job, const uint8_t *code, struct shared *shared)
{
	struct report *report = &shared->report;
	uint64_t moved_at = now_ms();
	uint32_t beat = 0;
	sigset_t child_ended;
	pid_t child;
	int how;

	memset(report, 0, sizeof(*report));
	report->magic = REPORT_MAGIC;
	report->status = VANISHED;
	shared->beat = 0;
	sigemptyset(&child_ended);
	sigaddset(&child_ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_ended, NULL);
	child = fork();
	if (child < 0) {
		report->status = ENVIRONMENT;
		report->signal = errno;
		strcpy(report->call, "fork");
		return;
	}
	if (!child)
		run_job(job, code, shared);
	for (;;) {
		pid_t ended = waitpid(child, &how, WNOHANG);

		if (ended == child)
			break;
		if (shared->beat != beat) {
			beat = shared->beat;
			moved_at = now_ms();
		} else if (now_ms() - moved_at > job->stall_ms) {
			kill(child, SIGKILL);
			waitpid(child, &how, 0);
			report->status = ENDLESS;
			return;
		}
		look_again(&child_ended);
	}
	if (WIFSIGNALED(how) && report->status == VANISHED)
		report->signal = WTERMSIG(how);
}
