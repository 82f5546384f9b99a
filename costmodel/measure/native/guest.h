/* A guest of one virtual CPU without an operating system: the job and the report.
 * costmodel/measure/guest.py knows the same structures. */
#ifndef COSTMODEL_GUEST_H
#define COSTMODEL_GUEST_H

#include "harness.h"

#define GUEST_JOB_MAGIC 0x4d435301u
#define GUEST_REPORT_MAGIC 0x4d435381u
#define GUEST_RAM (16ul << 20)
/* Tables, handlers, stacks, the driver and its results; physical address is offset. */
#define SYSTEM_AT 0x40000000ul
#define GUEST_WORDS 128
#define GUEST_SAMPLES 2048
#define FRAME_BYTES 512
/* Ports the guest tells things through: an exception's vector, or its handler. */
#define PORT_VECTOR 0x20
#define PORT_HANDLER 0x70

enum guest_flags {
	GUEST_RING0 = 1, /* it begins in ring 0; else in ring 3 */
	GUEST_BARE = 2,	 /* it begins in the first program itself, not in the driver */
};

struct guest_job {
	uint32_t magic;
	uint32_t flags;
	uint32_t code_bytes;
	uint32_t programs;
	uint32_t samples;
	uint32_t words;
	uint32_t budget_ms;
	int32_t cpu;
	uint64_t registers[16];
	uint64_t gs_base;	 /* of the user */
	uint64_t kernel_gs_base;
	uint64_t syscall_entry;
	uint64_t interrupt_entry; /* vector 0x80 */
	uint64_t frame_top;	 /* what lies below is reported when the handler runs */
	uint64_t flag_mask;
	uint32_t entries[MOST_PROGRAMS];
	struct word word[GUEST_WORDS];
};

enum guest_status {
	GUEST_DONE = 0,
	GUEST_NO_KVM = 1,     /* `call` failed with `error` as errno */
	GUEST_EXCEPTION = 2,  /* vector, error code, rip, cr2 */
	GUEST_TRIPLE_FAULT = 3,
	GUEST_ENDLESS = 4,
	GUEST_STOPPED = 5,    /* KVM gave up: `vector` is its exit reason */
	GUEST_TOO_MANY_PAGES = 6,
	GUEST_BAD_JOB = 7,
};

/* Followed by `samples` rows of programs + 6 words: NOPs and the two lengths of the
 * chain, the programs, NOPs and the chain again. */
struct guest_report {
	uint32_t magic;
	uint32_t status;
	uint32_t vector;
	int32_t error;
	uint64_t rip;
	uint64_t cr2;
	uint32_t samples;
	uint32_t pages;
	uint32_t handled; /* whether the handler was reached */
	uint32_t tsc_khz;
	uint64_t at_handler[18]; /* general registers, RIP, RFLAGS */
	uint64_t after[18];	 /* when the programs have ended */
	uint8_t frame[FRAME_BYTES];
	char call[16];
};

/* guestdriver.c */
extern const char guest_driver[], guest_driver_done[], guest_driver_end[];

/* guesttables.c */
struct guest_memory {
	uint8_t *ram;
	uint64_t used;	/* bytes of RAM given away */
	uint64_t root;	/* physical address of the page tables */
	uint32_t pages; /* mapped on a fault */
};
uint64_t guest_take(struct guest_memory *memory, uint64_t bytes);
int guest_map(struct guest_memory *memory, uint64_t virtual_at, uint64_t physical);
uint64_t guest_physical(const struct guest_memory *memory, uint64_t virtual_at);
int guest_write(struct guest_memory *memory, uint64_t at, const void *from, size_t size);
int guest_read(const struct guest_memory *memory, uint64_t at, void *into, size_t size);
struct guest_tables {
	uint64_t gdt, idt, tss;
	uint16_t gdt_limit, idt_limit;
	uint64_t driver, stack, list, results;
};
int guest_build(struct guest_memory *memory, const struct guest_job *job,
		struct guest_tables *tables);

#endif
