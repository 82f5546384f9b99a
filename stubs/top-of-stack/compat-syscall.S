/* v3.16, 32-bit program by SYSCALL (AMD): entry, handler, SYSRETL.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000. Partial
 * frame with SS, RSP, EFLAGS, CS and RCX written at entry, by MOV; old_rsp
 * is never used. The RCX slot keeps EBP, the sixth argument comes from the
 * user's stack.
 * Parts: entry (29 insns, 135 B), exit (16 insns, 69 B).
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
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
#define PART_STATUS    -0x3f74
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL_32   353
#define USER_CS_32     0x23
#define USER_SS        0x2b

	.text
	.globl	compat_syscall
	.type	compat_syscall, @function
compat_syscall:
# COSTMODEL-BEGIN entry
	swapgs
	movl	%esp, %r8d
	movq	%gs:kernel_stack, %rsp
	sti
	subq	$0x50, %rsp
	movq	%rdi, PART_RDI(%rsp)
	movq	%rsi, PART_RSI(%rsp)
	movq	%rdx, PART_RDX(%rsp)
	movq	%rax, PART_RAX(%rsp)
	movl	%eax, %eax
	movq	%rax, PART_ORIG_RAX(%rsp)
	movq	%rcx, PART_RIP(%rsp)
	movq	%rbp, PART_RCX(%rsp)
	movl	%ebp, %ecx
	movq	$USER_CS_32, PART_CS(%rsp)
	movq	$USER_SS, PART_SS(%rsp)
	movq	%r11, PART_EFLAGS(%rsp)
	movq	%r8, PART_RSP(%rsp)
	movl	(%r8), %r9d
	orl	$2, PART_STATUS(%rsp)
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL_32, %rax
	ja	bad_number
	movl	%edi, %r8d
	xchgl	%ecx, %esi
	movl	%ebx, %edi
	movl	%edx, %edx
	call	*ia32_sys_call_table(,%rax,8)
# COSTMODEL-END

# COSTMODEL-BEGIN exit
	movq	%rax, PART_RAX(%rsp)
	cli
	testl	$EXIT_WORK, PART_FLAGS(%rsp)
	jnz	exit_work
	andl	$~2, PART_STATUS(%rsp)
	movq	PART_RDX(%rsp), %rdx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	movl	PART_RIP(%rsp), %ecx
	movl	PART_EFLAGS(%rsp), %r11d
	xorl	%r10d, %r10d
	xorl	%r9d, %r9d
	xorl	%r8d, %r8d
	movl	PART_RSP(%rsp), %esp
	swapgs
	sysretl
# COSTMODEL-END

trace_work:
	ud2
bad_number:
	ud2
exit_work:
	ud2
	.size	compat_syscall, . - compat_syscall
