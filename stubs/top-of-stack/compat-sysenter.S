/* v3.16, 32-bit program by SYSENTER: entry, handler, SYSEXIT.
 * pt_regs ends at the stack top T; thread_info is at T - 0x4000.
 * kernel_stack holds T - 40, so RSP is first moved up to T; SS to ORIG_RAX
 * are pushed, five registers stored by MOV. RSP slot = EBP, RIP slot = the
 * return address kept in thread_info.
 * Parts: entry (32 insns, 119 B), exit (19 insns, 73 B).
 */
/* Slots, from RSP at the bottom of the partial frame (top - 120). */
#define PART_EFLAGS    0x60
#define PART_RIP       0x50
#define PART_RDI       0x40
#define PART_RSI       0x38
#define PART_RDX       0x30
#define PART_RCX       0x28
#define PART_RAX       0x20
/* thread_info, at the bottom of the same 16 KiB stack. */
#define PART_FLAGS     -0x3f78
#define PART_STATUS    -0x3f74
#define SYSENTER_RETURN -0x3fa0
/* Constants; only their width matters to the counts. */
#define ENTRY_WORK     0x100801c1
#define EXIT_WORK      0x1000feff
#define LAST_CALL_32   353
#define USER_CS_32     0x23
#define USER_SS        0x2b

	.text
	.globl	compat_sysenter
	.type	compat_sysenter, @function
compat_sysenter:
# COSTMODEL-BEGIN entry
	swapgs
	movq	%gs:kernel_stack, %rsp
	addq	$40, %rsp
	sti
	movl	%ebp, %ebp
	pushq	$USER_SS
	pushq	%rbp
	pushfq
	movl	SYSENTER_RETURN(%rsp), %r10d
	pushq	$USER_CS_32
	movl	%eax, %eax
	pushq	%r10
	pushq	%rax
	cld
	subq	$0x48, %rsp
	movq	%rdi, PART_RDI(%rsp)
	movq	%rsi, PART_RSI(%rsp)
	movq	%rdx, PART_RDX(%rsp)
	movq	%rcx, PART_RCX(%rsp)
	movq	%rax, PART_RAX(%rsp)
	movl	(%rbp), %ebp
	orl	$2, PART_STATUS(%rsp)
	testl	$ENTRY_WORK, PART_FLAGS(%rsp)
	jnz	trace_work
	cmpq	$LAST_CALL_32, %rax
	ja	bad_number
	movl	%edi, %r8d
	movl	%ebp, %r9d
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
	andl	$~0x200, PART_EFLAGS(%rsp)
	movl	PART_RIP(%rsp), %edx
	movq	PART_RSI(%rsp), %rsi
	movq	PART_RDI(%rsp), %rdi
	addq	$0x60, %rsp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	popfq
	popq	%rcx
	swapgs
	sti
	sysexitl
# COSTMODEL-END

trace_work:
	ud2
bad_number:
	ud2
exit_work:
	ud2
	.size	compat_sysenter, . - compat_sysenter
