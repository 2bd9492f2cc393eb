// Package contrast compares two arms of samples.
//
// Wall time: medians with intervals of 95 % confidence and the Mann-Whitney U test, which assume nothing of
// how figures are distributed (benchmath.AssumeNothing). The p-values of all time comparisons of a run are
// corrected for their number after Holm and Bonferroni: if nothing has changed, the chance that any of
// them is called a difference is at most alpha, the whole run taken together.
//
// Beside every time that does not differ stands the smallest slowdown that would have been seen: the
// factor by which the head would have had to be slower to be called so with 80 % probability, at alpha
// divided by the number of comparisons (what the most significant of them has to pass, so the others are
// seen a little sooner). It is computed from the samples themselves: each value over its arm's median, both arms
// together, drawn with replacement into two new arms, the second multiplied by the factor, tested; 400
// times for each factor tried. Ten samples know little of rare outliers, so it is an estimate.
//
// Counters are compared by their medians, without a test: any difference is one. Only allocations have
// slack: the runtime allocates an object or two of its own, and some hundred bytes with them.
package contrast
