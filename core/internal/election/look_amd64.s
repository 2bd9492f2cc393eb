//go:build !purego

#include "textflag.h"

// Places are less than 2^31, so signed comparisons do. "Less" counts the entries of a row that are less
// than level's; a row is found when at most width-need are.

// func lookVector(rows *gossip.Index, n int, level *gossip.Index, width, need int) int
TEXT ·lookVector(SB), NOSPLIT, $0-48
	MOVQ rows+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ level+16(FP), DI
	MOVQ width+24(FP), DX
	MOVQ DX, R8
	SUBQ need+32(FP), R8 // R8: entries that may be less
	XORQ AX, AX          // AX: rows that were looked at
	CMPQ DX, $4
	JEQ  four
	CMPQ DX, $8
	JEQ  eight
	CMPQ DX, $32
	JGT  wide

row:
	// R9: less, in this row; R10: bytes done.
	XORQ R9, R9
	XORQ R10, R10
	LEAQ -8(DX), R11

block:
	VMOVDQU   (DI)(R10*1), Y0
	VPCMPGTD  (SI)(R10*1), Y0, Y0
	VMOVMSKPS Y0, R12
	POPCNTL   R12, R12
	ADDQ      R12, R9
	ADDQ      $32, R10
	SUBQ      $8, R11
	JGE       block
	TESTQ     $4, DX
	JEQ       judge
	VMOVDQU   (DI)(R10*1), X0
	VPCMPGTD  (SI)(R10*1), X0, X0
	VMOVMSKPS X0, R12
	POPCNTL   R12, R12
	ADDQ      R12, R9
	ADDQ      $16, R10

judge:
	CMPQ R9, R8
	JLE  found
	ADDQ R10, SI
	INCQ AX
	CMPQ AX, CX
	JLT  row
	JMP  found

	// As row, but a row is left as soon as too many are less.
wide:
	XORQ R9, R9
	XORQ R10, R10
	LEAQ -8(DX), R11

block8:
	VMOVDQU   (DI)(R10*1), Y0
	VPCMPGTD  (SI)(R10*1), Y0, Y0
	VMOVMSKPS Y0, R12
	POPCNTL   R12, R12
	ADDQ      R12, R9
	CMPQ      R9, R8
	JGT       next
	ADDQ      $32, R10
	SUBQ      $8, R11
	JGE       block8
	TESTQ     $4, DX
	JEQ       found
	VMOVDQU   (DI)(R10*1), X0
	VPCMPGTD  (SI)(R10*1), X0, X0
	VMOVMSKPS X0, R12
	POPCNTL   R12, R12
	ADDQ      R12, R9
	CMPQ      R9, R8
	JLE       found

next:
	LEAQ (SI)(DX*4), SI
	INCQ AX
	CMPQ AX, CX
	JLT  wide
	JMP  found

four:
	VMOVDQU (DI), X1

next4:
	VPCMPGTD  (SI), X1, X0
	VMOVMSKPS X0, R12
	POPCNTL   R12, R12
	CMPQ      R12, R8
	JLE       found
	ADDQ      $16, SI
	INCQ      AX
	CMPQ      AX, CX
	JLT       next4
	JMP       found

eight:
	VMOVDQU (DI), Y1

next8:
	VPCMPGTD  (SI), Y1, Y0
	VMOVMSKPS Y0, R12
	POPCNTL   R12, R12
	CMPQ      R12, R8
	JLE       found
	ADDQ      $32, SI
	INCQ      AX
	CMPQ      AX, CX
	JLT       next8

found:
	VZEROUPPER
	MOVQ AX, ret+40(FP)
	RET

// func setVector(bits *uint64, row, level *gossip.Index, width int)
TEXT ·setVector(SB), NOSPLIT, $0-32
	MOVQ bits+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ level+16(FP), DX
	MOVQ width+24(FP), R8

word:
	// R9: the word; CX: its bits done.
	XORQ R9, R9
	XORQ CX, CX

bits8:
	CMPQ      R8, $8
	JLT       rest
	VMOVDQU   (DX), Y0
	VPCMPGTD  (SI), Y0, Y0
	VMOVMSKPS Y0, R10
	XORQ      $0xFF, R10
	SHLQ      CX, R10
	ORQ       R10, R9
	ADDQ      $32, DX
	ADDQ      $32, SI
	ADDQ      $8, CX
	SUBQ      $8, R8
	CMPQ      CX, $64
	JLT       bits8
	MOVQ      R9, (DI)
	ADDQ      $8, DI
	TESTQ     R8, R8
	JNE       word
	VZEROUPPER
	RET

rest:
	TESTQ     R8, R8
	JEQ       last
	VMOVDQU   (DX), X0
	VPCMPGTD  (SI), X0, X0
	VMOVMSKPS X0, R10
	XORQ      $0xF, R10
	SHLQ      CX, R10
	ORQ       R10, R9

last:
	MOVQ R9, (DI)
	VZEROUPPER
	RET

// func strongVector(bits *uint64, rows **gossip.Index, n int, level *gossip.Index, width, need int)
TEXT ·strongVector(SB), NOSPLIT, $0-48
	MOVQ rows+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ level+24(FP), DI
	MOVQ width+32(FP), R8
	XORQ R9, R9  // the word
	XORQ R10, R10 // bytes done; a quarter of it is bits done

	// Y3: need-n-1. A column is set if what it has of less, as a negative number, is greater.
	MOVQ         need+40(FP), AX
	SUBQ         CX, AX
	DECQ         AX
	VMOVD        AX, X3
	VPBROADCASTD X3, Y3

columns8:
	CMPQ    R8, $8
	JLT     columns4
	VMOVDQU (DI)(R10*1), Y1
	VPXOR   Y0, Y0, Y0
	XORQ    R11, R11

rows8:
	MOVQ      (SI)(R11*8), R12
	VPCMPGTD  (R12)(R10*1), Y1, Y2
	VPADDD    Y2, Y0, Y0
	INCQ      R11
	CMPQ      R11, CX
	JLT       rows8
	VPCMPGTD  Y3, Y0, Y0
	VMOVMSKPS Y0, R13
	MOVQ      R10, BX
	SHRQ      $2, BX
	SHLXQ     BX, R13, R13
	ORQ       R13, R9
	ADDQ      $32, R10
	SUBQ      $8, R8
	JMP       columns8

columns4:
	TESTQ   R8, R8
	JEQ     done
	VMOVDQU (DI)(R10*1), X1
	VPXOR   X0, X0, X0
	XORQ    R11, R11

rows4:
	MOVQ      (SI)(R11*8), R12
	VPCMPGTD  (R12)(R10*1), X1, X2
	VPADDD    X2, X0, X0
	INCQ      R11
	CMPQ      R11, CX
	JLT       rows4
	VPCMPGTD  X3, X0, X0
	VMOVMSKPS X0, R13
	MOVQ      R10, BX
	SHRQ      $2, BX
	SHLXQ     BX, R13, R13
	ORQ       R13, R9

done:
	MOVQ bits+0(FP), DI
	MOVQ R9, (DI)
	VZEROUPPER
	RET
