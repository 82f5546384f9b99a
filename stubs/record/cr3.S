/* One write of CR3. */
	.text
	.globl	path
	.type	path, @function
path:
	movq	%rax, %cr3
	.size	path, . - path
