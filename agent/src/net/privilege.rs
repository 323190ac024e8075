//! What this process keeps once everything is open.

/// Gives up gaining privileges for good (prctl(2), `PR_SET_NO_NEW_PRIVS`): no program that this one
/// might start can have more than it has.
pub(super) fn drop_spare() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_no_new_privs() {
        tracing::debug!(%error, "privileges could still be gained");
    }
}
