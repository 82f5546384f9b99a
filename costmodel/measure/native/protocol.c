/* Jobs on standard input, reports on standard output, until there are no more.
 *
 * The program runs whatever code it is given: costmodel tells its user so before.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int sound(const struct job *job)
{
	if (job->magic != JOB_MAGIC || job->code_bytes > CODE_MOST)
		return 0;
	if (!job->programs || job->programs > MOST_PROGRAMS)
		return 0;
	if (job->words > MOST_WORDS || job->samples > MOST_SAMPLES)
		return 0;
	for (uint32_t k = 0; k < job->programs; k++)
		if (job->entries[k] >= job->code_bytes)
			return 0;
	return 1;
}

static int answer(const struct job *job, const struct shared *shared)
{
	const struct report *report = &shared->report;
	size_t row = (job->programs + 2) * sizeof(uint32_t);

	if (!write_whole(report, sizeof(*report)))
		return 0;
	if (report->status != MEASURED)
		return 1;
	/* The code shares this memory: what it left there is not to be trusted. */
	for (uint32_t k = 0; k < report->kept && k < MOST_SAMPLES; k++)
		if (!write_whole(shared->rows[k], row))
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	static struct job job;
	static uint8_t code[CODE_MOST];
	struct shared *shared;

	if (argc == 2 && !strcmp(argv[1], "guest"))
		return guest_main();
	if (argc != 1) {
		fprintf(stderr, "measure: started by costmodel, jobs on stdin\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	die_with_parent();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	while (read_whole(&job, sizeof(job))) {
		if (!sound(&job)) {
			memset(&shared->report, 0, sizeof(shared->report));
			shared->report.magic = REPORT_MAGIC;
			shared->report.status = BAD_JOB;
			answer(&job, shared);
			return 1; /* where the next job begins is not known */
		}
		if (job.code_bytes && !read_whole(code, job.code_bytes))
			return 1;
		supervise(&job, code, shared);
		if (!answer(&job, shared))
			return 1;
	}
	return 0;
}
