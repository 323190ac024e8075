//! Pure work over several threads. The parts are independent of each other and what comes of them is in
//! their order, so that nothing tells how many threads there were.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// More threads than this make little faster what allocates much.
const MOST: usize = 8;

/// How many threads work: as many as there are processors when it is first asked. To ask the system reads
/// files of control groups on Linux, which takes longer than what is asked for between two of the calls.
pub(crate) fn hands() -> usize {
    static HANDS: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from).min(MOST));
    *HANDS
}

/// What `work` makes of each part.
pub(crate) fn map<P: Sync, R: Send>(parts: &[P], work: impl Fn(&P) -> R + Sync) -> Vec<R> {
    let hands = hands().min(parts.len());
    if hands < 2 {
        return parts.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = parts.get(number) else { break done };
            done.push((number, work(part)));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..hands).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, made)| made).collect()
}

/// What `work` makes of each of many things.
pub(crate) fn each<'t, T: Sync, R: Send>(
    things: &'t [T],
    work: impl Fn(&'t T) -> R + Sync,
) -> Vec<R> {
    let stretches = stretches(things.len());
    if stretches.len() < 2 {
        return things.iter().map(work).collect();
    }
    let made = map(&stretches, |at| {
        let some = things.get(at.clone()).unwrap_or_default().iter();
        some.map(&work).collect::<Vec<_>>()
    });
    made.into_iter().flatten().collect()
}

/// Puts in order what consists of a few parts that are in order by themselves.
pub(crate) fn merge<T: Ord>(parts: &mut [T]) {
    // The stable one finds such parts and merges them; the other begins anew.
    parts.sort();
}

/// Parts of about the same size of `count` things, a few for each thread: from where to where.
pub(crate) fn stretches(count: usize) -> Vec<std::ops::Range<usize>> {
    let length = count.div_ceil(hands() * 8).max(64);
    (0..count).step_by(length).map(|from| from..(from + length).min(count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_in_the_order_of_the_parts() {
        let parts: Vec<usize> = (0..1_000).collect();
        assert_eq!(map(&parts, |part| part * 2), (0..1_000).map(|n| n * 2).collect::<Vec<_>>());
        assert!(map(&[] as &[usize], |part| *part).is_empty());
    }

    #[test]
    fn stretches_leave_nothing_out() {
        for count in [0, 1, 63, 64, 65, 100_001] {
            let all: Vec<usize> = stretches(count).into_iter().flatten().collect();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }
}
