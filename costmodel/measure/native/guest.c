/* Code in ring 0 without a kernel module: a KVM guest that has nothing but the code.
 *
 * The guest begins in long mode with page tables, descriptors and system registers set,
 * in the driver (guestdriver.c). Pages are mapped as they are touched, as in user mode.
 * SWAPGS, SYSCALL, SYSRET, IRET, STI, CLI, MOV CR3 and RDTSC do not leave a guest on
 * hardware; where a hypervisor below emulates them, the caller sees it from the times.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_FMASK 0xc0000084u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define CPUID_ENTRIES 256
#define CR4_BASE 0x6a0ull /* PAE, PGE, OSFXSR, OSXMMEXCPT */
#define CR4_FSGSBASE 0x10000ull
#define CR4_PCIDE 0x20000ull
#define INVALID_OPCODE 6
#define PAGE_FAULT 14
#define GUEST_PAGES 512

extern const char enter_code[], leave_code[], leave_code_end[];

struct machine {
	int kvm, vm, cpu;
	struct kvm_run *run;
	struct guest_memory memory;
	struct guest_tables tables;
	struct guest_report *report;
};

static int no_kvm(struct machine *m, const char *call)
{
	m->report->status = GUEST_NO_KVM;
	m->report->error = errno;
	snprintf(m->report->call, sizeof(m->report->call), "%s", call);
	return 0;
}

static int open_machine(struct machine *m)
{
	struct kvm_userspace_memory_region region = { .memory_size = GUEST_RAM };
	int run_bytes;

	m->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (m->kvm < 0)
		return no_kvm(m, "/dev/kvm");
	m->vm = ioctl(m->kvm, KVM_CREATE_VM, 0);
	if (m->vm < 0)
		return no_kvm(m, "KVM_CREATE_VM");
	m->memory.ram = mmap(NULL, GUEST_RAM, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->memory.ram == MAP_FAILED)
		return no_kvm(m, "mmap");
	region.userspace_addr = (uint64_t)(uintptr_t)m->memory.ram;
	if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return no_kvm(m, "KVM memory");
	m->cpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	if (m->cpu < 0)
		return no_kvm(m, "KVM_CREATE_VCPU");
	run_bytes = ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	m->run = mmap(NULL, (size_t)run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      m->cpu, 0);
	if (m->run == MAP_FAILED)
		return no_kvm(m, "KVM mmap");
	return 1;
}

/* Give the guest what the host has; returns the bits of CR4 it may set. */
static uint64_t set_features(struct machine *m)
{
	size_t size = sizeof(struct kvm_cpuid2) +
		      CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2);
	struct kvm_cpuid2 *known = calloc(1, size);
	uint64_t allowed = CR4_BASE;

	if (!known)
		return allowed;
	known->nent = CPUID_ENTRIES;
	if (!ioctl(m->kvm, KVM_GET_SUPPORTED_CPUID, known)) {
		for (uint32_t k = 0; k < known->nent; k++) {
			const struct kvm_cpuid_entry2 *leaf = &known->entries[k];

			if (leaf->function == 7 && !leaf->index && (leaf->ebx & 1))
				allowed |= CR4_FSGSBASE;
			if (leaf->function == 1 && (leaf->ecx & 1u << 17))
				allowed |= CR4_PCIDE;
		}
		ioctl(m->cpu, KVM_SET_CPUID2, known);
	}
	free(known);
	return allowed;
}

static struct kvm_segment segment(uint16_t selector, int type, int level, int code)
{
	struct kvm_segment it = {
		.limit = 0xffffffff, .selector = selector, .type = (uint8_t)type,
		.present = 1, .dpl = (uint8_t)level, .s = 1, .g = 1,
		.l = (uint8_t)code, .db = (uint8_t)!code,
	};

	return it;
}

static int set_system(struct machine *m, const struct guest_job *job, uint64_t cr4)
{
	int level = job->flags & GUEST_RING0 ? 0 : 3;
	struct kvm_sregs s;
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[4];
	} msrs = { .head.nmsrs = 4 };

	if (ioctl(m->cpu, KVM_GET_SREGS, &s) < 0)
		return no_kvm(m, "KVM_GET_SREGS");
	s.cs = segment(level ? 0x33 : 0x10, 11, level, 1);
	s.ss = segment(level ? 0x2b : 0x18, 3, level, 0);
	s.ds = s.es = s.fs = s.gs = segment(0x2b, 3, 3, 0);
	s.gs.base = job->gs_base;
	s.tr = segment(0x40, 11, 0, 0);
	s.tr.s = 0;
	s.tr.g = 0;
	s.tr.db = 0;
	s.tr.limit = 0x67;
	s.tr.base = m->tables.tss;
	s.gdt.base = m->tables.gdt;
	s.gdt.limit = m->tables.gdt_limit;
	s.idt.base = m->tables.idt;
	s.idt.limit = m->tables.idt_limit;
	s.cr0 = 0x80050033;
	s.cr3 = m->memory.root;
	s.cr4 = cr4;
	s.efer = 0xd01;
	if (ioctl(m->cpu, KVM_SET_SREGS, &s) < 0)
		return no_kvm(m, "KVM_SET_SREGS");
	msrs.entry[0].index = MSR_STAR;
	msrs.entry[0].data = 0x0023001000000000ull;
	msrs.entry[1].index = MSR_LSTAR;
	msrs.entry[1].data = job->syscall_entry;
	msrs.entry[2].index = MSR_FMASK;
	msrs.entry[2].data = job->flag_mask;
	msrs.entry[3].index = MSR_KERNEL_GS_BASE;
	msrs.entry[3].data = job->kernel_gs_base;
	if (ioctl(m->cpu, KVM_SET_MSRS, &msrs) != 4)
		return no_kvm(m, "KVM_SET_MSRS");
	return 1;
}

/* The code, the clock's code, the way in and out, the words, the list of programs. */
static int fill_memory(struct machine *m, const struct guest_job *job,
		       const uint8_t *code)
{
	static uint8_t clock[CLOCK_BYTES];
	struct guest_memory *memory = &m->memory;
	uint64_t list[MOST_PROGRAMS + 7], chain_short, nops;
	struct control control = { 0 };
	size_t driver = (size_t)(guest_driver_end - guest_driver);
	size_t both_ways = (size_t)(leave_code_end - enter_code);
	uint32_t n = 0;

	memset(clock, 0xcc, sizeof(clock));
	clock_write(clock);
	memcpy(clock + (LEAVE_AT - CLOCK_AT), leave_code,
	       (size_t)(leave_code_end - leave_code));
	memcpy(control.registers, job->registers, sizeof(control.registers));
	chain_short = CLOCK_AT + (CHAIN_LONG - CHAIN_SHORT) * 3;
	nops = CLOCK_AT + 0x2000;
	for (int turn = 0; turn < 2; turn++) {
		list[n++] = nops;
		list[n++] = chain_short;
		list[n++] = CLOCK_AT;
		for (uint32_t k = 0; !turn && k < job->programs; k++)
			list[n++] = CODE_AT + job->entries[k];
	}
	list[n++] = 0;
	if (!guest_write(memory, CODE_AT, code, job->code_bytes) ||
	    !guest_write(memory, CLOCK_AT, clock, sizeof(clock)) ||
	    !guest_write(memory, CONTROL_AT, &control, sizeof(control)) ||
	    !guest_write(memory, m->tables.driver + driver, enter_code, both_ways) ||
	    !guest_write(memory, m->tables.list, list, n * sizeof(list[0])))
		return 0;
	for (uint32_t k = 0; k < job->words; k++)
		if (!guest_write(memory, job->word[k].address, &job->word[k].value, 8))
			return 0;
	return 1;
}

static void load_registers(struct kvm_regs *r, const uint64_t *from)
{
	r->rax = from[0];
	r->rcx = from[1];
	r->rdx = from[2];
	r->rbx = from[3];
	r->rsp = from[4];
	r->rbp = from[5];
	r->rsi = from[6];
	r->rdi = from[7];
	r->r8 = from[8];
	r->r9 = from[9];
	r->r10 = from[10];
	r->r11 = from[11];
	r->r12 = from[12];
	r->r13 = from[13];
	r->r14 = from[14];
	r->r15 = from[15];
}

static int set_registers(struct machine *m, const struct guest_job *job)
{
	struct kvm_regs r = { 0 };

	r.rip = m->tables.driver;
	r.rsp = m->tables.stack - 64;
	r.rflags = 2;
	r.rbx = m->tables.list;
	r.rbp = m->tables.results;
	r.r12 = job->samples ? job->samples : 1;
	r.r14 = 12345;
	r.r15 = m->tables.driver + (uint64_t)(guest_driver_end - guest_driver);
	if (job->flags & GUEST_BARE) {
		load_registers(&r, job->registers);
		r.rip = CODE_AT + job->entries[0];
	}
	if (ioctl(m->cpu, KVM_SET_REGS, &r) < 0)
		return no_kvm(m, "KVM_SET_REGS");
	return 1;
}

static void save_registers(const struct kvm_regs *r, uint64_t *into)
{
	const uint64_t all[18] = {
		r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi, r->r8,
		r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip,
		r->rflags,
	};

	memcpy(into, all, sizeof(all));
}

static volatile sig_atomic_t out_of_time;

static void tick(int signal)
{
	(void)signal;
	out_of_time++;
}

static int has_error_code(uint32_t vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 ||
	       vector == 21 || vector == 29 || vector == 30;
}

/* A page was touched. Whether the guest can go on. */
static int page_fault(struct machine *m, uint64_t at)
{
	uint64_t fresh;

	if (guest_physical(&m->memory, at & ~(PAGE - 1)))
		return 0; /* mapped already: it may not be what it is used for */
	if (m->memory.pages++ == GUEST_PAGES) {
		m->report->status = GUEST_TOO_MANY_PAGES;
		return 0;
	}
	fresh = guest_take(&m->memory, PAGE);
	return fresh && guest_map(&m->memory, at & ~(PAGE - 1), fresh);
}

/* The guest wrote to a port. Whether it goes on. */
static int told(struct machine *m, const struct guest_job *job, uint32_t port)
{
	struct guest_report *report = m->report;
	uint64_t frame[6] = { 0 }, done;
	const uint64_t *saved = frame; /* what the exception pushed: RIP, CS, ... */
	struct kvm_sregs s;
	struct kvm_regs r;

	ioctl(m->cpu, KVM_GET_REGS, &r);
	if (port == PORT_HANDLER) {
		if (!report->handled++) {
			save_registers(&r, report->at_handler);
			guest_read(&m->memory, job->frame_top - FRAME_BYTES,
				   report->frame, FRAME_BYTES);
		}
		return 1;
	}
	ioctl(m->cpu, KVM_GET_SREGS, &s);
	report->vector = port - PORT_VECTOR;
	report->cr2 = s.cr2;
	guest_read(&m->memory, r.rsp, frame, sizeof(frame));
	if (has_error_code(report->vector)) {
		report->error = (int32_t)frame[0];
		saved = frame + 1;
	}
	report->rip = saved[0];
	if (report->vector == PAGE_FAULT && page_fault(m, s.cr2))
		return 1;
	done = m->tables.driver + (uint64_t)(guest_driver_done - guest_driver);
	r.rip = saved[0];
	r.rflags = saved[2];
	r.rsp = saved[3];
	save_registers(&r, report->after);
	if (report->status != GUEST_TOO_MANY_PAGES)
		report->status = report->vector == INVALID_OPCODE &&
						 report->rip == done ?
					 GUEST_DONE :
					 GUEST_EXCEPTION;
	return 0;
}

/* KVM gave up: its reason, what kind of internal error, and where. */
static void stopped(struct machine *m)
{
	struct kvm_regs r = { 0 };

	m->report->status = GUEST_STOPPED;
	m->report->vector = m->run->exit_reason;
	if (m->run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		m->report->error = (int32_t)m->run->internal.suberror;
	ioctl(m->cpu, KVM_GET_REGS, &r);
	m->report->rip = r.rip;
}

static void run_machine(struct machine *m, const struct guest_job *job)
{
	struct guest_report *report = m->report;

	while (!out_of_time) {
		int got = ioctl(m->cpu, KVM_RUN, 0);

		if (got < 0 && errno != EINTR) {
			no_kvm(m, "KVM_RUN");
			return;
		}
		if (got < 0)
			continue;
		if (m->run->exit_reason == KVM_EXIT_IO) {
			if (!told(m, job, m->run->io.port))
				return;
		} else if (m->run->exit_reason == KVM_EXIT_SHUTDOWN) {
			report->status = GUEST_TRIPLE_FAULT;
			return;
		} else if (m->run->exit_reason != KVM_EXIT_INTR) {
			stopped(m);
			return;
		}
	}
	report->status = GUEST_ENDLESS;
}

static int job_is_sound(const struct guest_job *job)
{
	if (job->magic != GUEST_JOB_MAGIC || job->code_bytes > CODE_MOST)
		return 0;
	if (job->programs > MOST_PROGRAMS || job->words > GUEST_WORDS)
		return 0;
	return job->samples <= GUEST_SAMPLES;
}

static void answer(const struct machine *m, const struct guest_job *job)
{
	size_t row = (job->programs + 6) * sizeof(uint32_t);
	uint64_t from = m->tables.results - SYSTEM_AT;

	write_whole(m->report, sizeof(*m->report));
	if (m->report->status == GUEST_DONE && m->report->samples)
		write_whole(m->memory.ram + from, row * m->report->samples);
}

/* One job, one guest. */
int guest_main(void)
{
	static struct guest_job job;
	static struct guest_report report;
	static uint8_t code[CODE_MOST];
	struct machine m = { .kvm = -1, .vm = -1, .cpu = -1, .report = &report };
	struct sigaction alarm_action = { 0 };
	struct itimerval limit = { 0 };
	uint64_t began, began_ticks, spent;

	die_with_parent();
	limit_resources();
	report.magic = GUEST_REPORT_MAGIC;
	report.status = GUEST_BAD_JOB;
	if (!read_whole(&job, sizeof(job)))
		return 1;
	if (!job_is_sound(&job) || !read_whole(code, job.code_bytes)) {
		write_whole(&report, sizeof(report));
		return 1;
	}
	pin(job.cpu);
	if (open_machine(&m) && guest_build(&m.memory, &job, &m.tables) &&
	    fill_memory(&m, &job, code) && set_system(&m, &job, set_features(&m)) &&
	    set_registers(&m, &job)) {
		alarm_action.sa_handler = tick; /* without SA_RESTART: KVM_RUN ends */
		sigaction(SIGALRM, &alarm_action, NULL);
		limit.it_value.tv_sec = job.budget_ms / 1000;
		limit.it_value.tv_usec = job.budget_ms % 1000 * 1000 + 1;
		limit.it_interval.tv_usec = 50000;
		setitimer(ITIMER_REAL, &limit, NULL);
		began = nanoseconds();
		began_ticks = ticks();
		run_machine(&m, &job);
		spent = nanoseconds() - began;
		if (spent)
			report.tsc_khz =
				(uint32_t)((ticks() - began_ticks) * 1000000 / spent);
		report.samples = job.samples;
	}
	report.pages = m.memory.pages;
	answer(&m, &job);
	return 0;
}
