/* WRGSBASE alone. */
	.text
	.globl	path
	.type	path, @function
path:
	wrgsbase	%rax
	.size	path, . - path
