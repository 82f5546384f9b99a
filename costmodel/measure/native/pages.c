/* Memory of the code to be timed: a page is there once it has been touched.
 *
 * Every page has physical memory of its own (two virtual addresses of one page would
 * alias in the first cache), filled with words that point into such pages. What a
 * run has written is put back before the next, so that all runs take the same path.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINES_A_PAGE (PAGE / LINE)
#define POINTED_AT_MASK 0x1fc0 /* 128 lines */
#define LOWEST 0x10000ul /* what the kernel lets everybody map; root sees no other */
#define HIGHEST 0x7ffffffff000ul

struct page {
	uint8_t *at;
	uint64_t pristine[PAGE / 8];
};

static struct page page[MOST_PAGES];
static uint32_t pages;
static const struct job *asked;
static int backing = -1;

/* Lines that some run changed: all that has to be put back. */
static struct {
	uint64_t *at;
	const uint64_t *pristine;
} dirty[MOST_PAGES * LINES_A_PAGE];
static uint32_t dirty_lines;
static uint8_t is_dirty[MOST_PAGES][LINES_A_PAGE];

/* Returns 0 or an errno. */
int pages_open(const struct job *job)
{
	asked = job;
	pages = 0;
	dirty_lines = 0;
	memset(is_dirty, 0, sizeof(is_dirty));
	backing = (int)syscall(SYS_memfd_create, "costmodel", MFD_CLOEXEC);
	if (backing < 0)
		return errno;
	return ftruncate(backing, MOST_PAGES * PAGE) ? errno : 0;
}

/* Neighbouring words point to different lines, or two pointers popped one after the
 * other would be the same address, and what is stored through them one chain. */
static uint64_t fill_of(uint64_t address)
{
	return asked->fill ? asked->fill + ((address << 3) & POINTED_AT_MASK) : 0;
}

static void fill(struct page *it)
{
	uint64_t first = (uint64_t)(uintptr_t)it->at;

	for (size_t k = 0; k < PAGE / 8; k++)
		it->pristine[k] = fill_of(first + 8 * k);
	for (uint32_t k = 0; k < asked->words; k++) {
		uint64_t inside = asked->word[k].address - first;

		if (inside <= PAGE - 8)
			memcpy((uint8_t *)it->pristine + inside, &asked->word[k].value, 8);
	}
	memcpy(it->at, it->pristine, PAGE);
}

/* Called from the fault handler. Returns 0, or the status that ends the job. */
NO_CANARY int pages_map(uint64_t address)
{
	uint64_t first = address & ~(PAGE - 1);
	long got;

	if (first < LOWEST || first + PAGE > HIGHEST)
		return SIGNALLED;
	if (pages == MOST_PAGES)
		return TOO_MANY_PAGES;
	got = raw_syscall(__NR_mmap, (long)first, PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED_NOREPLACE, backing,
			  (long)(pages * PAGE));
	if (got != (long)first)
		return SIGNALLED;
	page[pages].at = (uint8_t *)first;
	fill(&page[pages]);
	pages++;
	return MEASURED;
}

/* Note the lines the runs so far have changed. */
void pages_find_dirty(void)
{
	for (uint32_t p = 0; p < pages; p++) {
		for (size_t l = 0; l < LINES_A_PAGE; l++) {
			uint64_t *at = (uint64_t *)(page[p].at + l * LINE);
			const uint64_t *was = page[p].pristine + l * LINE / 8;

			if (is_dirty[p][l] || !memcmp(at, was, LINE))
				continue;
			is_dirty[p][l] = 1;
			dirty[dirty_lines].at = at;
			dirty[dirty_lines].pristine = was;
			dirty_lines++;
		}
	}
}

void pages_restore(void)
{
	for (uint32_t k = 0; k < dirty_lines; k++)
		for (size_t w = 0; w < LINE / 8; w++)
			dirty[k].at[w] = dirty[k].pristine[w];
}

void pages_restore_all(void)
{
	for (uint32_t p = 0; p < pages; p++)
		memcpy(page[p].at, page[p].pristine, PAGE);
}

uint32_t pages_mapped(void)
{
	return pages;
}
