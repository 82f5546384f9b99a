/* What the code to be timed may not do: call the kernel, live on, fill the disk. */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The only place of the harness that enters the kernel while code is being timed, so
 * that a filter can tell its calls from those of the code. Uses no thread-local
 * storage: FS may belong to the code by then. */
__asm__(".text\n"
	".globl raw_syscall\n"
	".type raw_syscall, @function\n"
	"raw_syscall:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	syscall\n"
	".globl raw_syscall_end\n"
	"raw_syscall_end:\n"
	"	ret\n"
	".size raw_syscall, . - raw_syscall\n");

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_HIGH(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field) + 4)
#define UNLESS_EQUAL(value, skip) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))

/* Every system call from elsewhere raises SIGSYS. Returns 0 or an errno. */
int confine(void)
{
	uint64_t home = (uint64_t)(uintptr_t)raw_syscall_end;
	struct sock_filter rules[] = {
		LOAD(arch),
		UNLESS_EQUAL(AUDIT_ARCH_X86_64, 7),
		LOAD(nr),
		UNLESS_EQUAL(__NR_rt_sigreturn, 1), /* the C library's end of a handler */
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(instruction_pointer),
		UNLESS_EQUAL((uint32_t)home, 2),
		LOAD_HIGH(instruction_pointer),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(home >> 32), 1, 0),
		ANSWER(SECCOMP_RET_TRAP),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(rules) / sizeof(rules[0]),
		.filter = rules,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return errno;
	return 0;
}

void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void limit_resources(void)
{
	struct rlimit none = { 0, 0 };
	struct rlimit seconds = { 120, 120 };

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 64 << 20, 64 << 20 });
	setrlimit(RLIMIT_CPU, &seconds);
}

void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}
