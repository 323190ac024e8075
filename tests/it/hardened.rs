//! Both programs as the packages install them, confined by what their units say, without systemd as init:
//! its sandbox is made by hand of what stands in the installed units (systemd.exec(5)), in the order in
//! which systemd makes it. Only `PrivateUsers` is left out, because a user namespace is a whole process's
//! and all else here a thread's.

/// Both at work.
mod at_work;
/// The system calls that a unit leaves.
mod calls;
/// The user and capabilities that a unit leaves.
mod confine;
/// A reader of pages.
mod pages;
/// That what is forbidden does fail.
mod refused;
/// The collector on a server.
mod server;
/// A system with the packages installed.
mod system;
/// What stands in a unit.
mod unit;
/// The files that a unit leaves.
mod view;
