/* A whole frame restored by MOV, and RSP moved past it. */
	.text
	.globl	path
	.type	path, @function
path:
	movq	(%rsp), %r15
	movq	0x8(%rsp), %r14
	movq	0x10(%rsp), %r13
	movq	0x18(%rsp), %r12
	movq	0x20(%rsp), %rbp
	movq	0x28(%rsp), %rbx
	movq	0x30(%rsp), %r11
	movq	0x38(%rsp), %r10
	movq	0x40(%rsp), %r9
	movq	0x48(%rsp), %r8
	movq	0x50(%rsp), %rax
	movq	0x58(%rsp), %rcx
	movq	0x60(%rsp), %rdx
	movq	0x68(%rsp), %rsi
	movq	0x70(%rsp), %rdi
	addq	$0x80, %rsp
	.size	path, . - path
