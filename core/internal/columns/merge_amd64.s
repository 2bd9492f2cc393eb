//go:build !purego

#include "textflag.h"

// func mergeRowsVector(row, a, b *Index, width int)
TEXT ·mergeRowsVector(SB), NOSPLIT, $0-32
	MOVQ row+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ width+24(FP), CX
	XORQ AX, AX
	SUBQ $8, CX
	JLT  rest

columns8:
	VMOVDQU (SI)(AX*1), Y0
	VPMAXUD (DX)(AX*1), Y0, Y0
	VMOVDQU Y0, (DI)(AX*1)
	ADDQ    $32, AX
	SUBQ    $8, CX
	JGE     columns8

rest:
	TESTQ   $4, CX
	JEQ     done
	VMOVDQU (SI)(AX*1), X0
	VPMAXUD (DX)(AX*1), X0, X0
	VMOVDQU X0, (DI)(AX*1)

done:
	VZEROUPPER
	RET
