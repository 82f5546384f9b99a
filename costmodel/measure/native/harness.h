/* What the parts of the measuring program share: addresses, the job, the report.
 *
 * The code to be timed, its registers and the pages it touches lie at fixed low
 * addresses, so that a displacement of 32 bits reaches everything and two runs of one
 * block see the same addresses. costmodel/measure/native.py knows the same numbers.
 */
#ifndef COSTMODEL_HARNESS_H
#define COSTMODEL_HARNESS_H

#include <stddef.h>
#include <stdint.h>

/* Words the run loop keeps out of registers: see run.c. */
#define CONTROL_AT 0x0fff0000ul
#define CONTROL_BYTES 4096
/* The code of the job, then what measures the clock and the neighbour. */
#define CODE_AT 0x10000000ul
#define CODE_MOST 0x40000ul
#define CLOCK_AT (CODE_AT + CODE_MOST)
#define CLOCK_BYTES 0x4000ul
/* A copy of the way out: a direct jump leads there, which hides no latency. */
#define LEAVE_AT (CLOCK_AT + 0x3c00)

#define MOST_PROGRAMS 16
#define MOST_WORDS 64 /* words of memory set before a run */
#define MOST_PAGES 256
#define MOST_SAMPLES 4096
#define PAGE 4096ul
#define LINE 64ul

/* Jobs and reports begin with these; the last byte is the version. */
#define JOB_MAGIC 0x4d435201u
#define REPORT_MAGIC 0x4d435281u

/* Two lengths of dependent 32-bit IMUL, 3 cycles each; and one-byte NOPs in a loop. */
#define CHAIN_SHORT 320
#define CHAIN_LONG 1320
#define CHAIN_CYCLES (3.0 * (CHAIN_LONG - CHAIN_SHORT))
#define NOPS 2400
#define NOP_TURNS 5 /* where the counter steps by tens of cycles, one is too short */

enum job_flags {
	CONFINE = 1,	 /* no system call but those of the harness */
	RESET_BASES = 2, /* the code writes the base of FS or GS: set both every time */
	USES_FS = 4,
	UNFILTERED = 8, /* keep samples taken beside a busy neighbour too */
};

struct word {
	uint64_t address;
	uint64_t value;
};

/* Followed by `code_bytes` bytes of code. */
struct job {
	uint32_t magic;
	uint32_t flags;
	uint32_t code_bytes;
	uint32_t programs; /* timed one after the other in every sample */
	uint32_t samples;  /* kept ones wanted */
	uint32_t budget_ms;
	uint32_t nop_millicycles; /* what a quiet core takes, if known; else 0 */
	int32_t cpu;		  /* -1: wherever the kernel puts it */
	uint64_t registers[16];
	uint64_t fs_base;
	uint64_t gs_base;
	uint64_t fill; /* where the words of a page that is touched point; 0: zeros */
	uint32_t words;
	uint32_t stall_ms; /* without progress for so long, the code is endless */
	uint32_t entries[MOST_PROGRAMS]; /* from CODE_AT */
	struct word word[MOST_WORDS];
};

enum status {
	MEASURED = 0,
	SIGNALLED = 1,	    /* signal, signal_code, address, ip say which and where */
	CALLED_KERNEL = 2,  /* a system call of its own: number in address */
	ENDLESS = 3,
	TOO_MANY_PAGES = 4,
	UNSTEADY = 5,	    /* touches other pages in a second run of the same */
	WRITES_CODE = 6,
	NEVER_QUIET = 7,    /* no sample was kept in time */
	ENVIRONMENT = 8,    /* `call` failed with `signal` as errno */
	BAD_JOB = 9,
	VANISHED = 10,	    /* the child ended without a word */
	HARNESS_FAULT = 11, /* a fault outside the code to be timed */
};

/* Followed by `kept` rows of `programs` + 2 words of 32 bits, in ticks: the programs,
 * the chain (long less short), the slower of the two runs of NOPs. */
struct report {
	uint32_t magic;
	uint32_t status;
	int32_t signal;
	int32_t signal_code;
	uint64_t address;
	uint64_t ip;
	uint32_t taken;
	uint32_t kept;
	uint32_t pages;
	uint32_t program; /* what was running */
	uint32_t nop_millicycles;
	uint32_t tsc_khz;
	char call[16];
};

/* Memory the child and its parent share. */
struct shared {
	volatile uint32_t beat; /* changes as long as there is progress */
	struct report report;
	uint32_t rows[MOST_SAMPLES][MOST_PROGRAMS + 2];
};

struct control {
	uint64_t registers[16];
	uint64_t entry;
};

#if defined(__has_attribute)
#if __has_attribute(no_stack_protector)
#define NO_CANARY __attribute__((no_stack_protector))
#endif
#endif
#ifndef NO_CANARY
#define NO_CANARY
#endif

/* confine.c */
long raw_syscall(long number, long a, long b, long c, long d, long e, long f);
extern const char raw_syscall_end[];
int confine(void);
void die_with_parent(void);
void limit_resources(void);
void pin(int cpu);

/* pages.c */
int pages_open(const struct job *job);
int pages_map(uint64_t address);
void pages_find_dirty(void);
void pages_restore(void);
void pages_restore_all(void);
uint32_t pages_mapped(void);

/* clock.c */
void clock_write(uint8_t *at);
struct clock {
	uint32_t chain; /* ticks */
	uint32_t nops;
};
uint32_t clock_chain(void);
uint32_t clock_nops(void);
double nop_cycles(uint32_t nops, uint32_t chain);
uint64_t nanoseconds(void);
uint64_t ticks(void);

/* filter.c */
struct sample {
	uint32_t program[MOST_PROGRAMS];
	struct clock before, after;
};
void filter_open(struct shared *shared, const struct job *job);
void filter_take(const struct sample *window, uint32_t count);
#define WINDOW 32

/* run.c */
uint32_t run_at(uint64_t entry);
void run_job(const struct job *job, const uint8_t *code, struct shared *shared)
	__attribute__((noreturn));
void finish(uint32_t status) __attribute__((noreturn));

/* signals.c */
int signals_catch(struct shared *shared);

/* pipes.c */
int read_whole(void *into, size_t size);
int write_whole(const void *from, size_t size);

/* supervise.c */
void supervise(const struct job *job, const uint8_t *code, struct shared *shared);

/* guest.c: the same code in ring 0 of a guest without an operating system */
int guest_main(void);

#endif
