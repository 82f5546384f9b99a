/* v3.16-fork-syscall.S without FIXUP and RESTORE, entry and exit unchanged.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. The table's
 * call is made a direct one to fork_stub, so that the path can be followed
 * into the stub and back: 2 bytes and the load of the table word less than
 * v3.16-fast.S.
 * Parts: entry, save-rest, handler, return, exit.
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_RIP       0x50
#define PART_ORIG_RAX  0x48
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RAX       0x20
#define PART_R8        0x18
#define PART_R9        0x10
#define PART_R10       0x08
#define PART_R11       0x00
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315

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
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	fork_stub
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	movq	%rax, PART_RAX(%rsp)
	movl	$EXIT_WORK, %edi
	cli
	movl	PART_FLAGS(%rsp), %edx
	andl	%edi, %edx
	jnz	exit_work
	movq	PART_RIP(%rsp), %rcx
	movq	PART_R11(%rsp), %r11
	movq	PART_R10(%rsp), %r10
	movq	PART_R9(%rsp), %r9
	movq	PART_R8(%rsp), %r8
	movq	PART_RAX(%rsp), %rax
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	movq	%gs:old_rsp, %rsp
	swapgs
	sysretq
# COSTMODEL-END

trace_work:
	ud2
bad_number:
	ud2
exit_work:
	ud2
	.skip	16, 0xcc

fork_stub:
# COSTMODEL-BEGIN save-rest
	popq	%r11
	subq	$0x30, %rsp
	movq	%rbx, FULL_RBX(%rsp)
	movq	%rbp, FULL_RBP(%rsp)
	movq	%r12, FULL_R12(%rsp)
	movq	%r13, FULL_R13(%rsp)
	movq	%r14, FULL_R14(%rsp)
	movq	%r15, FULL_R15(%rsp)
	pushq	%r11
# COSTMODEL-END
# COSTMODEL-BEGIN handler
	call	sys_fork
# COSTMODEL-END
# COSTMODEL-BEGIN return
	ret	$0x30
# COSTMODEL-END
	.size	system_call, . - system_call
