// Package sim simulates whole sections in one process, on one seed.
package sim
