//! As whom a unit runs, and what that user may do besides (systemd.exec(5), "Credentials" and
//! "Capabilities"): users, groups and capabilities belong to threads.

use nix::sys::stat::{Mode, umask};
use nix::unistd::User;
use rustix::thread::{
    CapabilitySet, CapabilitySets, Gid, Uid, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::unit::Unit;

/// The user of a unit; the package has made it.
pub(super) fn user(unit: &Unit) -> User {
    let name = unit.one("User").unwrap();
    assert_eq!(unit.one("Group"), Some(name), "the group that is made with the user");
    User::from_name(name).unwrap().unwrap_or_else(|| panic!("there is no user {name}"))
}

/// Makes this thread that user's, with the capabilities that the unit leaves it.
pub(super) fn become_user(unit: &Unit, user: &User) {
    umask(Mode::from_bits(unit.mode("UMask")).unwrap());
    let bounding = capabilities(unit, "CapabilityBoundingSet");
    for capability in CapabilitySet::all().iter().filter(|one| !bounding.contains(*one)) {
        // Those that this kernel does not know are not there to be removed.
        let _ = remove_capability_from_bounding_set(capability);
    }
    let ambient = capabilities(unit, "AmbientCapabilities");
    set_keep_capabilities(true).unwrap();
    let (uid, gid) = (Uid::from_raw(user.uid.as_raw()), Gid::from_raw(user.gid.as_raw()));
    set_thread_groups(&[gid]).unwrap();
    set_thread_res_gid(gid, gid, gid).unwrap();
    set_thread_res_uid(uid, uid, uid).unwrap();
    let sets = CapabilitySets { effective: ambient, permitted: ambient, inheritable: ambient };
    set_capabilities(None, sets).unwrap();
    for capability in ambient.iter() {
        configure_capability_in_ambient_set(capability, true).unwrap();
    }
    set_keep_capabilities(false).unwrap();
    assert!(unit.has("NoNewPrivileges"));
    set_no_new_privs(true).unwrap();
}

fn capabilities(unit: &Unit, key: &str) -> CapabilitySet {
    let named = unit.words(key).into_iter().map(|name| match name {
        "CAP_NET_RAW" => CapabilitySet::NET_RAW,
        other => panic!("{other} is not understood here"),
    });
    named.fold(CapabilitySet::empty(), |all, one| all | one)
}
