/* Faults of the code to be timed: map the page, or end the job and say why. */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK_BYTES 65536
#define PAGE_FAULT_WRITES 2
#define TRAP_PAGE_FAULT 14

static struct shared *shared;

static int in_code(uint64_t address)
{
	return address >= CODE_AT && address < CODE_AT + CODE_MOST + CLOCK_BYTES;
}

NO_CANARY static void caught(int signal, siginfo_t *info, void *context)
{
	const greg_t *saved = ((ucontext_t *)context)->uc_mcontext.gregs;
	struct report *report = &shared->report;
	uint32_t status = SIGNALLED;

	report->signal = signal;
	report->signal_code = info->si_code;
	report->address = (uint64_t)(uintptr_t)info->si_addr;
	report->ip = (uint64_t)saved[REG_RIP];
	if (signal == SIGSYS) {
		report->address = (uint64_t)(unsigned int)info->si_syscall;
		finish(CALLED_KERNEL);
	}
	if (signal == SIGSEGV && saved[REG_TRAPNO] == TRAP_PAGE_FAULT) {
		uint64_t at = report->address;
		int jumped = at == report->ip;

		if (in_code(at) && (saved[REG_ERR] & PAGE_FAULT_WRITES))
			finish(WRITES_CODE);
		if (!jumped && in_code(report->ip) && !in_code(at)) {
			status = (uint32_t)pages_map(at);
			if (status == MEASURED)
				return;
		}
	}
	if (status == SIGNALLED && !in_code(report->ip) &&
	    report->ip != report->address)
		status = HARNESS_FAULT;
	finish(status);
}

/* Returns 0 or an errno. The stack is not the code's: that may point anywhere. */
int signals_catch(struct shared *with)
{
	static const int which[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
	struct sigaction action = { 0 };
	stack_t stack = { 0 };

	shared = with;
	stack.ss_size = STACK_BYTES;
	stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		return errno;
	action.sa_sigaction = caught;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigemptyset(&action.sa_mask);
	for (size_t k = 0; k < sizeof(which) / sizeof(which[0]); k++)
		if (sigaction(which[k], &action, NULL))
			return errno;
	return 0;
}
