/* Counting down in AH. */
	.text
	.globl	path
	.type	path, @function
path:
	subb	$1, %ah
	.size	path, . - path
