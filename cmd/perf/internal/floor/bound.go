package floor

import "math"

// Upper returns the bound that a share stays below with 95 % confidence if count of n were seen: after
// Clopper and Pearson, one-sided and exact. Of nothing it is 1.
func Upper(count, n int) float64 {
	if n == 0 || count >= n {
		return 1
	}
	lo, hi := float64(count)/float64(n), 1.0
	for range 60 {
		p := (lo + hi) / 2
		if atMost(count, n, p) > 0.05 {
			lo = p
		} else {
			hi = p
		}
	}
	return hi
}

// atMost returns the probability of at most k of n at probability p, which is not 0 or 1.
func atMost(k, n int, p float64) float64 {
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(choose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// choose returns the logarithm of n over k.
func choose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}
