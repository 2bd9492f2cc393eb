package columns

// mergeRowsPlain sets row to the entrywise maximum of a and b. All have the same length, a multiple of 4. It is
// mergeRows in portable code.
func mergeRowsPlain(row, a, b []Index) {
	a, b = a[:len(row)], b[:len(row)]
	for len(row) >= 4 && len(a) >= 4 && len(b) >= 4 {
		row[0], row[1], row[2], row[3] = max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
		row, a, b = row[4:], a[4:], b[4:]
	}
}
