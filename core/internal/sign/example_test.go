package sign_test

import (
	"fmt"

	"parsec/core/internal/sign"
)

// A batch of three, of which one was tampered with.
func Example() {
	verifier := sign.NewVerifier([32]byte{'r', 'a', 'n', 'd', 'o', 'm'})
	var items []sign.Item
	for i := range 3 {
		signer := sign.NewSigner([32]byte{'s', 'e', 'e', 'd', byte(i)})
		number, err := verifier.AddKey(signer.Public())
		if err != nil {
			fmt.Println(err)
			return
		}
		message := [32]byte{'m', byte(i)}
		items = append(items, sign.Item{Peer: uint16(number), Message: message, Signature: signer.Sign(&message)})
	}
	items[1].Message[0] = 'n'
	var bad [1]uint64
	fmt.Println("all good:", verifier.Check(items, bad[:], true))
	fmt.Printf("bad: %b\n", bad)
	fmt.Println("peer", items[2].Verified().Peer(), "signed:", items[2].Verified().OK())
	fmt.Println("peer 1 signed:", items[1].Verified().OK())
	// Output:
	// all good: false
	// bad: [10]
	// peer 2 signed: true
	// peer 1 signed: false
}
