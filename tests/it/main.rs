//! Tests of the whole, in one binary: what they have in common is linked once.

#[cfg(test)]
mod agents;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod built;
#[cfg(test)]
mod debs;
#[cfg(test)]
mod hardened;
#[cfg(test)]
mod heard;
#[cfg(test)]
mod help;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod privilege;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod resuming;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod routed;
#[cfg(test)]
mod six;
#[cfg(test)]
mod snmp_rows;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod vlans;
