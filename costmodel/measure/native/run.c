/* The run loop of the child: enter the code, leave it, many times, keep good samples.
 *
 * XMM15 holds the stack pointer and XMM14 the start time while the code runs: blocks
 * that touch vector registers are refused before. Everything here must work without
 * thread-local storage, because FS may belong to the code.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <asm/prctl.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WARM_UP 6

/* Ticks from entry to leave. MFENCE first, so that stores of what came before are out;
 * RDTSC stands between LFENCEs. Flags are the same at every entry (those of XOR). */
uint32_t enter_code(struct control *control);
extern const char leave_code[], leave_code_end[];
__asm__(".text\n"
	".globl enter_code\n"
	".type enter_code, @function\n"
	"enter_code:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	movq %rsp, %xmm15\n"
	"	mov %rdi, %rax\n"
	"	mov 8*1(%rax), %rcx\n"
	"	mov 8*3(%rax), %rbx\n"
	"	mov 8*4(%rax), %rsp\n"
	"	mov 8*5(%rax), %rbp\n"
	"	mov 8*6(%rax), %rsi\n"
	"	mov 8*7(%rax), %rdi\n"
	"	mov 8*8(%rax), %r8\n"
	"	mov 8*9(%rax), %r9\n"
	"	mov 8*10(%rax), %r10\n"
	"	mov 8*11(%rax), %r11\n"
	"	mov 8*12(%rax), %r12\n"
	"	mov 8*13(%rax), %r13\n"
	"	mov 8*14(%rax), %r14\n"
	"	mov 8*15(%rax), %r15\n"
	"	mfence\n"
	"	lfence\n"
	"	rdtsc\n"
	"	shl $32, %rdx\n"
	"	or %rdx, %rax\n"
	"	movq %rax, %xmm14\n"
	"	xor %eax, %eax\n"
	"	mov 0x0fff0010, %rdx\n"
	"	mov 0x0fff0000, %rax\n"
	"	lfence\n"
	"	jmp *0x0fff0080\n"
	".globl leave_code\n"
	"leave_code:\n"
	"	lfence\n"
	"	rdtsc\n"
	"	lfence\n"
	"	movq %xmm15, %rsp\n"
	"	push $0x202\n"
	"	popfq\n"
	"	shl $32, %rdx\n"
	"	or %rdx, %rax\n"
	"	movq %xmm14, %rcx\n"
	"	sub %rcx, %rax\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	".globl leave_code_end\n"
	"leave_code_end:\n"
	".size enter_code, . - enter_code\n");

_Static_assert(CONTROL_AT == 0x0fff0000, "enter_code has the address in it");
_Static_assert(offsetof(struct control, entry) == 0x80, "enter_code");

static struct control *const control = (struct control *)CONTROL_AT;
static struct shared *shared;
static const struct job *job;

/* Some counters step by tens of cycles, in phase with the core's clock. Entering at a
 * random moment makes their mean exact, as dither does. */
NO_CANARY static void wait_a_little(void)
{
	static uint32_t state = 12345;
	uint32_t turns;

	state = state * 1664525 + 1013904223;
	turns = (state >> 24) + 1;
	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(turns) : : "cc");
}

NO_CANARY uint32_t run_at(uint64_t entry)
{
	control->entry = entry;
	wait_a_little();
	return enter_code(control);
}

NO_CANARY void finish(uint32_t status)
{
	shared->report.status = status;
	shared->report.pages = pages_mapped();
	for (;;)
		raw_syscall(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

static void fail(const char *call, int error)
{
	strncpy(shared->report.call, call, sizeof(shared->report.call) - 1);
	shared->report.signal = error;
	finish(ENVIRONMENT);
}

NO_CANARY static void set_bases(void)
{
	raw_syscall(__NR_arch_prctl, ARCH_SET_GS, (long)job->gs_base, 0, 0, 0, 0);
	if (job->flags & (USES_FS | RESET_BASES))
		raw_syscall(__NR_arch_prctl, ARCH_SET_FS, (long)job->fs_base, 0, 0, 0,
			    0);
}

NO_CANARY static uint32_t run_program(uint32_t k)
{
	shared->report.program = k;
	pages_restore();
	if (job->flags & RESET_BASES)
		set_bases();
	return run_at(CODE_AT + job->entries[k]);
}

/* Map what the programs touch, and see that a second run touches nothing else. */
NO_CANARY static void find_pages(void)
{
	uint32_t known;

	for (uint32_t k = 0; k < job->programs; k++) {
		run_program(k);
		shared->beat++;
		pages_find_dirty();
		pages_restore_all();
	}
	known = pages_mapped();
	for (uint32_t k = 0; k < job->programs; k++) {
		run_program(k);
		shared->beat++;
		pages_find_dirty();
	}
	if (pages_mapped() != known)
		finish(UNSTEADY);
}

NO_CANARY static struct clock read_clock(void)
{
	struct clock now;

	now.nops = clock_nops();
	now.chain = clock_chain();
	return now;
}

NO_CANARY static void take_sample(struct sample *it, int backwards)
{
	uint32_t count = job->programs;

	it->before = read_clock();
	for (uint32_t n = 0; n < count; n++) {
		uint32_t k = backwards ? count - 1 - n : n;

		it->program[k] = run_program(k);
	}
	it->after = read_clock();
	shared->beat++;
}

NO_CANARY static void take_samples(void)
{
	static struct sample window[WINDOW];
	struct report *report = &shared->report;
	uint64_t from = nanoseconds(), from_ticks = ticks();
	uint64_t until = from + job->budget_ms * 1000000ull;
	uint64_t now, now_ticks;

	filter_open(shared, job);
	for (int k = 0; k < WARM_UP; k++)
		take_sample(&window[0], k & 1);
	do {
		for (int k = 0; k < WINDOW; k++)
			take_sample(&window[k], k & 1);
		filter_take(window, WINDOW);
		now = nanoseconds();
	} while (report->kept < job->samples && now < until);
	now_ticks = ticks();
	if (now > from)
		report->tsc_khz =
			(uint32_t)((now_ticks - from_ticks) * 1000000 / (now - from));
}

static void map_low_memory(const uint8_t *code)
{
	int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	size_t size = CODE_MOST + CLOCK_BYTES;
	uint8_t *at;

	at = mmap((void *)CONTROL_AT, CONTROL_BYTES, PROT_READ | PROT_WRITE, fixed, -1,
		  0);
	if (at != (uint8_t *)CONTROL_AT)
		fail("mmap", at == MAP_FAILED ? errno : EEXIST);
	at = mmap((void *)CODE_AT, size, PROT_READ | PROT_WRITE, fixed, -1, 0);
	if (at != (uint8_t *)CODE_AT)
		fail("mmap", at == MAP_FAILED ? errno : EEXIST);
	memset(at, 0xcc, size);
	memcpy(at, code, job->code_bytes);
	clock_write(at + CODE_MOST);
	memcpy(at + (LEAVE_AT - CODE_AT), leave_code,
	       (size_t)(leave_code_end - leave_code));
	if (mprotect(at, size, PROT_READ | PROT_EXEC))
		fail("mprotect", errno);
	memcpy(control->registers, job->registers, sizeof(control->registers));
}

/* The whole life of the child. */
NO_CANARY void run_job(const struct job *asked, const uint8_t *code,
		       struct shared *with)
{
	int error;

	job = asked;
	shared = with;
	die_with_parent();
	limit_resources();
	pin(job->cpu);
	map_low_memory(code);
	error = pages_open(job);
	if (error)
		fail("memfd_create", error);
	error = signals_catch(shared);
	if (error)
		fail("sigaction", error);
	if (job->flags & CONFINE) {
		error = confine();
		if (error)
			fail("seccomp", error);
	}
	set_bases();
	find_pages();
	if (job->samples) {
		uint32_t known = pages_mapped();

		take_samples();
		if (pages_mapped() != known)
			finish(UNSTEADY);
		if (!shared->report.kept)
			finish(NEVER_QUIET);
	}
	finish(MEASURED);
}
