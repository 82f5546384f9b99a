/* v3.16 with every slot written by MOV: the "ten instructions", six here.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. Partial
 * frame as in v3.16-fast.S plus EFLAGS, RCX, CS, SS and RSP: 6 insns, 42 B,
 * 1 load and 5 stores more. The user RSP goes through RCX once RIP and RCX
 * have their copies. FIXUP and RESTORE are gone, so the exit takes R11 from
 * EFLAGS and RSP from its slot.
 * Parts: entry (27 insns, 148 B), exit (18 insns, 78 B).
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_SS        0x70
#define PART_RSP       0x68
#define PART_EFLAGS    0x60
#define PART_CS        0x58
#define PART_RIP       0x50
#define PART_ORIG_RAX  0x48
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RCX       0x28
#define PART_RAX       0x20
#define PART_R8        0x18
#define PART_R9        0x10
#define PART_R10       0x08
#define PART_R11       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315
#define USER_CS        0x33
#define USER_SS        0x2b

	.text
	.globl	system_call
	.type	system_call, @function
system_call:
# COSTMODEL-BEGIN entry
	swapgs
	movq	%rsp, %gs:old_rsp
	movq	%gs:kernel_stack, %rsp
	sti
	subq	$0x50, %rsp
	movq	%rdi, PART_RDI(%rsp)
	movq	%rsi, PART_RSI(%rsp)
	movq	%rdx, PART_RDX(%rsp)
	movq	%rax, PART_RAX(%rsp)
	movq	%r8, PART_R8(%rsp)
	movq	%r9, PART_R9(%rsp)
	movq	%r10, PART_R10(%rsp)
	movq	%r11, PART_R11(%rsp)
	movq	%rax, PART_ORIG_RAX(%rsp)
	movq	%rcx, PART_RIP(%rsp)
	movq	%rcx, PART_RCX(%rsp)
	movq	%r11, PART_EFLAGS(%rsp)
	movq	$USER_CS, PART_CS(%rsp)
	movq	$USER_SS, PART_SS(%rsp)
	movq	%gs:old_rsp, %rcx
	movq	%rcx, PART_RSP(%rsp)
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	movq	%rax, PART_RAX(%rsp)
	movl	$EXIT_WORK, %edi
	cli
	movl	PART_FLAGS(%rsp), %edx
	andl	%edi, %edx
	jnz	exit_work
	movq	PART_RIP(%rsp), %rcx
	movq	PART_EFLAGS(%rsp), %r11
	movq	PART_R10(%rsp), %r10
	movq	PART_R9(%rsp), %r9
	movq	PART_R8(%rsp), %r8
	movq	PART_RAX(%rsp), %rax
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	movq	PART_RSP(%rsp), %rsp
	swapgs
	sysretq
# COSTMODEL-END

trace_work:
	ud2
bad_number:
	ud2
exit_work:
	ud2
	.size	system_call, . - system_call
