/* The sketch without its copies of RCX and R11: those slots are filled only
 * when traced.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. Full frame
 * as in sketch.S, less two stores: RCX and R11 slots. User RIP and flags are
 * in the RIP and EFLAGS slots, so tracesys can copy them from there, with SS
 * and CS as before.
 * Parts: entry (23 insns, 133 B), exit (16 insns, 84 B). With the branch to
 * trace_work taken: fixup-tracesys (6 insns), tracesys, return.
 */
/* Slots, from RSP at the bottom of the full frame (top - 168). */
#define FULL_SS        0xa0
#define FULL_RSP       0x98
#define FULL_EFLAGS    0x90
#define FULL_CS        0x88
#define FULL_RIP       0x80
#define FULL_ORIG_RAX  0x78
#define FULL_RDI       0x70
#define FULL_RSI       0x68
#define FULL_RDX       0x60
#define FULL_RCX       0x58
#define FULL_RAX       0x50
#define FULL_R8        0x48
#define FULL_R9        0x40
#define FULL_R10       0x38
#define FULL_R11       0x30
#define FULL_RBX       0x28
#define FULL_RBP       0x20
#define FULL_R12       0x18
#define FULL_R13       0x10
#define FULL_R14       0x08
#define FULL_R15       0x00
/* thread_info, at the bottom of the same 16 KiB stack. */
#define FULL_FLAGS     -0x3f48
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL      315
#define NO_SUCH_CALL   -38
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
	subq	$0x80, %rsp
	movq	%rdi, FULL_RDI(%rsp)
	movq	%rsi, FULL_RSI(%rsp)
	movq	%rdx, FULL_RDX(%rsp)
	movq	%rax, FULL_RAX(%rsp)
	movq	%r8, FULL_R8(%rsp)
	movq	%r9, FULL_R9(%rsp)
	movq	%r10, FULL_R10(%rsp)
	movq	%rax, FULL_ORIG_RAX(%rsp)
	movq	%r11, FULL_EFLAGS(%rsp)
	movq	%rcx, FULL_RIP(%rsp)
	movq	%gs:old_rsp, %rcx
	movq	%rcx, FULL_RSP(%rsp)
	testl	$ENTRY_WORK, FULL_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	movq	%rax, FULL_RAX(%rsp)
	testl	$EXIT_WORK, FULL_FLAGS(%rsp)
	jnz	exit_work
	cli
	movq	FULL_RIP(%rsp), %rcx
	movq	FULL_EFLAGS(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RAX(%rsp), %rax
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	movq	FULL_RSP(%rsp), %rsp
	swapgs
	sysretq
# COSTMODEL-END

bad_number:
	ud2
exit_work:
	ud2

/* Off the path unless the branch to trace_work is taken. */
trace_work:
# COSTMODEL-BEGIN fixup-tracesys
	movq	$USER_SS, FULL_SS(%rsp)
	movq	$USER_CS, FULL_CS(%rsp)
	movq	FULL_RIP(%rsp), %rdi
	movq	%rdi, FULL_RCX(%rsp)
	movq	FULL_EFLAGS(%rsp), %rdi
	movq	%rdi, FULL_R11(%rsp)
# COSTMODEL-END
# COSTMODEL-BEGIN tracesys
	movq	%rbx, FULL_RBX(%rsp)
	movq	%rbp, FULL_RBP(%rsp)
	movq	%r12, FULL_R12(%rsp)
	movq	%r13, FULL_R13(%rsp)
	movq	%r14, FULL_R14(%rsp)
	movq	%r15, FULL_R15(%rsp)
	movq	$NO_SUCH_CALL, FULL_RAX(%rsp)
	movq	%rsp, %rdi
	call	syscall_trace_enter
	movq	FULL_R11(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RCX(%rsp), %rcx
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	cmpq	$LAST_CALL, %rax
	ja	bad_number
	movq	%r10, %rcx
	call	*sys_call_table(,%rax,8)
	movq	%rax, FULL_RAX(%rsp)
	movq	%rsp, %rdi
	call	syscall_trace_leave
	movq	FULL_R15(%rsp), %r15
	movq	FULL_R14(%rsp), %r14
	movq	FULL_R13(%rsp), %r13
	movq	FULL_R12(%rsp), %r12
	movq	FULL_RBP(%rsp), %rbp
	movq	FULL_RBX(%rsp), %rbx
# COSTMODEL-END
# COSTMODEL-BEGIN return
	cli
	swapgs
	movq	FULL_R11(%rsp), %r11
	movq	FULL_R10(%rsp), %r10
	movq	FULL_R9(%rsp), %r9
	movq	FULL_R8(%rsp), %r8
	movq	FULL_RAX(%rsp), %rax
	movq	FULL_RCX(%rsp), %rcx
	movq	FULL_RDX(%rsp), %rdx
	movq	FULL_RSI(%rsp), %rsi
	movq	FULL_RDI(%rsp), %rdi
	subq	$-0x80, %rsp
	iretq
# COSTMODEL-END
	.size	system_call, . - system_call
