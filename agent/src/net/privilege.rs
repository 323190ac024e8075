//! What this process may still do once everything is open: nothing but what its user may anyway.
//!
//! Capabilities belong to threads (capabilities(7)), and a thread inherits those of the one that
//! began it. So the runtime is made by a thread that has given up its own ([`without`]); the thread
//! that opens the sockets keeps them until it has ([`drop_all`]). What is open stays open: sending and
//! reading need no privilege, nor does a packet socket whose interface comes back.

use std::io;

/// Whether this thread may open sockets for frames (`CAP_NET_RAW`).
pub fn may_open_frames() -> bool {
    #[cfg(target_os = "linux")]
    return linux::may_open_frames();
    #[cfg(not(target_os = "linux"))]
    false
}

/// Gives up every capability of this thread, and gaining any for good. What the system does not take
/// is told, and the process goes on with it: a system that refuses that confines it otherwise.
pub fn drop_all() {
    #[cfg(target_os = "linux")]
    linux::drop_here();
}

/// Says which threads of this process still have a capability, if any has.
pub fn tell_holders() {
    #[cfg(target_os = "linux")]
    for holder in linux::holders() {
        tracing::warn!(thread = holder, "this thread has kept capabilities");
    }
}

/// Does something on a thread without capabilities, so that the threads it begins have none either.
///
/// # Errors
/// If the system gives no thread.
pub fn without<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let bare = || {
        drop_all();
        work()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, bare)?;
        thread.join().map_err(|_| io::Error::other("a thread ended abnormally"))
    })
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use rustix::thread::{
        CapabilitySet, CapabilitySets, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    };

    /// What a thread may do, or get by starting a program; see `proc_pid_status(5)`.
    const SETS: [&str; 4] = ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"];

    pub(super) fn may_open_frames() -> bool {
        rustix::thread::capabilities(None)
            .is_ok_and(|sets| sets.effective.contains(CapabilitySet::NET_RAW))
    }

    pub(super) fn drop_here() {
        // No program that this one might start can have more than it has (PR_SET_NO_NEW_PRIVS).
        if let Err(error) = set_no_new_privs(true) {
            tracing::debug!(%error, "privileges could still be gained");
        }
        // Without CAP_SETPCAP this is refused; what a thread without capabilities, which can gain
        // none, has in its bounding set is of no use to it.
        for capability in CapabilitySet::all().iter() {
            let _ = remove_capability_from_bounding_set(capability);
        }
        let _ = clear_ambient_capability_set();
        let none = CapabilitySet::empty();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        if let Err(error) = set_capabilities(None, sets) {
            tracing::warn!(%error, "capabilities were not given up");
        }
    }

    /// The threads of this process that have a capability, by number.
    pub(super) fn holders() -> Vec<String> {
        let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
        let tasks = tasks.filter_map(|task| task.ok()?.file_name().into_string().ok());
        tasks
            .filter(|task| {
                // A thread that has ended since has none.
                let status = fs::read_to_string(format!("/proc/self/task/{task}/status"));
                status.is_ok_and(|status| has_some(&status))
            })
            .collect()
    }

    fn has_some(status: &str) -> bool {
        let rows = status.lines().filter_map(|line| line.split_once('\t'));
        rows.filter(|(key, _)| SETS.contains(key)).any(|(_, set)| !set.trim_matches('0').is_empty())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_thread_that_gave_up_its_capabilities_has_none_and_nor_have_its_children() {
            let status = || fs::read_to_string("/proc/thread-self/status").unwrap();
            let before = status();
            let (own, child) = crate::net::privilege::without(|| {
                (status(), std::thread::spawn(status).join().unwrap())
            })
            .unwrap();
            for status in [own, child] {
                assert!(!has_some(&status), "{status}");
                assert!(status.contains("NoNewPrivs:\t1"), "{status}");
            }
            assert_eq!(has_some(&before), has_some(&status()), "others keep theirs");
        }

        #[test]
        fn one_bit_of_one_set_is_a_capability() {
            let status = |set: &str, value: &str| format!("Name:\tx\n{set}\t{value}\nSeccomp:\t0");
            for set in SETS {
                assert!(has_some(&status(set, "0000000000002000")), "{set}");
                assert!(!has_some(&status(set, "0000000000000000")), "{set}");
            }
            assert!(!has_some(&status("CapBnd:", "000001ffffffffff")));
        }
    }
}
