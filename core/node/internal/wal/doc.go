// Package wal is a write-ahead log: records are appended, become durable in batches, and are read back in order after
// any crash. It knows nothing of what the records say.
//
// # What it promises
//
// What [Open] finds is a prefix of what was appended, record by record and in order, and has everything that
// [Log.Durable] or [Log.Wait] ever called durable. Bytes that changed on the disk are never yielded: a log that is damaged
// is refused with a [DamageError], and so is one of which the end is missing, be it that a file was cut, or zeroed,
// or put back from an older copy, or is gone. core/design/wal.md has the layout to the byte, the rule that tells
// a torn tail from damage, the argument for both, and what can be lost that nothing tells.
//
// # What the caller sees to
//
//   - All records are read, with [Log.Records], before the first [Log.Append]: only that proves that none is
//     damaged. [ErrUnread] otherwise.
//   - Nothing that depends on a record leaves the process before [Log.Wait] returned nil for its position.
//   - After an error of the log, which is final, the process goes on reading if it likes, and may open the log again.
//     Records that were appended and not durable may then be there or not, but for a prefix of them.
//   - The folder is on a file system of this machine that does what fdatasync says, and nothing else writes in it.
//
// Append may be called by many goroutines at a time. The loop:
//
//	log, err := wal.Open(dir, wal.Options{})
//	for record, err := range log.Records() {
//		replay(record) // valid until the next
//	}
//	end, err := log.Append(record) // copies it
//	err = log.Wait(end)            // now it is on disk
//	err = log.Close()
//
// # Terms
//
// A position counts records from the start of the log: the first record ends at 1. A batch is what was written and
// synced together. A segment is a file of batches, of a fixed size, allocated before it is written. A seal is a batch
// without records that [Log.Close] writes, so that damage to the batch before it is not taken for a torn tail. The file
// reached says which batch was the last that was durable: a log that ends before it is no torn one.
package wal
