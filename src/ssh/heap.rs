//! Keeps the heap from shrinking and growing again with every batch of packets. Nothing else.

use std::hint::black_box;
use std::sync::Once;

/// Half of what stays on the heap while it is free: more than one fast connection has on its way through us.
const USUAL: usize = 1 << 20;

/// Has glibc keep 2 MiB of free heap, once for the process.
///
/// Else it returns what is free at the heap's end to the system as soon as that is 128 KiB, which it is whenever a batch has
/// been written; the pages for the next one are then faulted in and cleared anew: 25,000 of them for a gigabyte, and 4% of
/// a tunnel's processor time, measured. When a large piece is freed that had a mapping of its own, glibc takes its size for
/// usual and keeps twice as much (`M_MMAP_THRESHOLD` in mallopt(3)). Nobody touches this piece, so it takes no memory. With
/// other allocators it is nothing.
pub(super) fn keep_heap() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(USUAL))));
}
