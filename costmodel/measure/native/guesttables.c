/* Memory of the guest: page tables, descriptors, handlers of exceptions. */
#include "guest.h"

#include <string.h>

#define PRESENT_WRITE_USER 7ull
#define ADDRESS_BITS 0x000ffffffffff000ull
#define HANDLER_BYTES 16
#define VECTORS 256
#define PAGE_FAULT 14
#define SYSTEM_CALL_VECTOR 0x80
#define STACK_BYTES 0x2000

/* Page-aligned physical memory, zeroed; 0 when there is none left (page 0 is not given
 * away). */
uint64_t guest_take(struct guest_memory *memory, uint64_t bytes)
{
	uint64_t at = memory->used;

	bytes = (bytes + PAGE - 1) & ~(PAGE - 1);
	if (at + bytes > GUEST_RAM)
		return 0;
	memory->used = at + bytes;
	return at;
}

static uint64_t *entry_of(const struct guest_memory *memory, uint64_t table,
			  uint64_t virtual_at, int level)
{
	uint64_t *entries = (uint64_t *)(memory->ram + table);

	return &entries[virtual_at >> (12 + 9 * level) & 511];
}

/* Whether there was memory for it. Both halves of the root are the same, so that code
 * which flips bit 12 of CR3, as kernels with two sets of tables do, stays mapped. */
int guest_map(struct guest_memory *memory, uint64_t virtual_at, uint64_t physical)
{
	uint64_t table = memory->root;

	for (int level = 3; level > 0; level--) {
		uint64_t *entry = entry_of(memory, table, virtual_at, level);

		if (!*entry) {
			uint64_t below = guest_take(memory, PAGE);

			if (!below)
				return 0;
			*entry = below | PRESENT_WRITE_USER;
			if (level == 3)
				*entry_of(memory, table + PAGE, virtual_at, level) =
					*entry;
		}
		table = *entry & ADDRESS_BITS;
	}
	*entry_of(memory, table, virtual_at, 0) = physical | PRESENT_WRITE_USER;
	return 1;
}

/* Physical address, or 0 where nothing is mapped. */
uint64_t guest_physical(const struct guest_memory *memory, uint64_t virtual_at)
{
	uint64_t table = memory->root;

	for (int level = 3; level >= 0; level--) {
		uint64_t entry = *entry_of(memory, table, virtual_at, level);

		if (!entry)
			return 0;
		table = entry & ADDRESS_BITS;
	}
	return table + (virtual_at & (PAGE - 1));
}

/* Map what is not mapped yet, and write. */
int guest_write(struct guest_memory *memory, uint64_t at, const void *from, size_t size)
{
	const uint8_t *bytes = from;

	while (size) {
		size_t part = PAGE - (at & (PAGE - 1));
		uint64_t physical = guest_physical(memory, at);

		if (part > size)
			part = size;
		if (!physical) {
			uint64_t fresh = guest_take(memory, PAGE);

			if (!fresh || !guest_map(memory, at & ~(PAGE - 1), fresh))
				return 0;
			physical = fresh + (at & (PAGE - 1));
		}
		memcpy(memory->ram + physical, bytes, part);
		bytes += part;
		at += part;
		size -= part;
	}
	return 1;
}

int guest_read(const struct guest_memory *memory, uint64_t at, void *into, size_t size)
{
	uint8_t *bytes = into;

	for (size_t k = 0; k < size; k++) {
		uint64_t physical = guest_physical(memory, at + k);

		if (!physical || physical >= GUEST_RAM)
			return 0;
		bytes[k] = memory->ram[physical];
	}
	return 1;
}

/* Memory for tables, mapped at SYSTEM_AT plus its physical address. */
static uint64_t take_mapped(struct guest_memory *memory, uint64_t bytes)
{
	uint64_t physical = guest_take(memory, bytes);

	if (!physical)
		return 0;
	for (uint64_t k = 0; k < bytes; k += PAGE)
		if (!guest_map(memory, SYSTEM_AT + physical + k, physical + k))
			return 0;
	return physical;
}

/* The selectors are Linux's: 0x10 and 0x18 of the kernel, 0x23, 0x2b and 0x33. */
static const uint64_t descriptors[] = {
	0,
	0x00cf9b000000ffffull,
	0x00af9b000000ffffull,
	0x00cf93000000ffffull,
	0x00cffb000000ffffull,
	0x00cff3000000ffffull,
	0x00affb000000ffffull,
	0,
};

static void put_gate(uint8_t *idt, int vector, uint64_t handler, int stack, int level)
{
	uint8_t *gate = idt + 16 * vector;
	uint64_t low = (handler & 0xffff) | 0x10ull << 16 | (uint64_t)stack << 32 |
		       (0x8eull | (uint64_t)level << 5) << 40 |
		       (handler >> 16 & 0xffff) << 48;
	uint64_t high = handler >> 32;

	memcpy(gate, &low, 8);
	memcpy(gate + 8, &high, 8);
}

/* out %al,$port; a page fault then goes on where it was, any other stays here. */
static void put_handler(uint8_t *at, int vector)
{
	static const uint8_t go_on[] = { 0x48, 0x83, 0xc4, 0x08, 0x48, 0xcf };
	static const uint8_t stay[] = { 0xf4, 0xeb, 0xfd };

	at[0] = 0xe6;
	at[1] = (uint8_t)(PORT_VECTOR + vector);
	if (vector == PAGE_FAULT)
		memcpy(at + 2, go_on, sizeof(go_on));
	else
		memcpy(at + 2, stay, sizeof(stay));
}

/* Everything but the job's own code and words. Whether there was memory for it. */
int guest_build(struct guest_memory *memory, const struct guest_job *job,
		struct guest_tables *tables)
{
	uint64_t gdt, idt, tss, handlers, stacks, driver, results;
	uint64_t tss_at, system_descriptor[2], stack_top;
	size_t driver_bytes = (size_t)(guest_driver_end - guest_driver);

	memory->used = PAGE;
	if (memory->used & PAGE)
		memory->used += PAGE; /* the root is two pages, aligned to both */
	memory->root = guest_take(memory, 2 * PAGE);
	gdt = take_mapped(memory, PAGE);
	idt = take_mapped(memory, PAGE);
	tss = take_mapped(memory, PAGE);
	handlers = take_mapped(memory, PAGE);
	stacks = take_mapped(memory, 3 * STACK_BYTES);
	driver = take_mapped(memory, PAGE);
	results = take_mapped(memory,
			      GUEST_SAMPLES * (MOST_PROGRAMS + 6) * sizeof(uint32_t));
	if (!memory->root || !results || driver_bytes > PAGE / 2)
		return 0;
	memcpy(memory->ram + gdt, descriptors, sizeof(descriptors));
	tss_at = SYSTEM_AT + tss;
	system_descriptor[0] = 0x67 | (tss_at & 0xffffff) << 16 | 0x8bull << 40 |
			       (tss_at >> 24 & 0xff) << 56;
	system_descriptor[1] = tss_at >> 32;
	memcpy(memory->ram + gdt + 0x40, system_descriptor, 16);
	stack_top = SYSTEM_AT + stacks + STACK_BYTES;
	memcpy(memory->ram + tss + 4, &job->frame_top, 8); /* RSP of ring 0 */
	memcpy(memory->ram + tss + 0x24, &stack_top, 8);   /* of every exception */
	for (int vector = 0; vector < 32; vector++) {
		put_handler(memory->ram + handlers + HANDLER_BYTES * vector, vector);
		put_gate(memory->ram + idt, vector,
			 SYSTEM_AT + handlers + HANDLER_BYTES * (uint64_t)vector, 1, 3);
	}
	if (job->interrupt_entry)
		put_gate(memory->ram + idt, SYSTEM_CALL_VECTOR, job->interrupt_entry, 0,
			 3);
	memcpy(memory->ram + driver, guest_driver, driver_bytes);
	tables->gdt = SYSTEM_AT + gdt;
	tables->gdt_limit = 0x4f;
	tables->idt = SYSTEM_AT + idt;
	tables->idt_limit = VECTORS * 16 - 1;
	tables->tss = tss_at;
	tables->driver = SYSTEM_AT + driver;
	tables->stack = SYSTEM_AT + stacks + 3 * STACK_BYTES;
	tables->list = SYSTEM_AT + driver + PAGE / 2;
	tables->results = SYSTEM_AT + results;
	return 1;
}
