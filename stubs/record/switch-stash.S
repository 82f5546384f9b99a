/* Context switch of v3.16: callee saves, stacks, and the user RSP stash.
 * RDI is the task left, RSI the one entered. */
	.text
	.globl	path
	.type	path, @function
path:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%gs:old_rsp, %rax
	movq	%rax, 0x28(%rdi)
	movq	0x28(%rsi), %rax
	movq	%rax, %gs:old_rsp
	movq	%rsp, 0x18(%rdi)
	movq	0x18(%rsi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	path, . - path
