//! The system group of SNMPv2-MIB (RFC 3418).

use daicho_common::observation::Fact;
use daicho_common::text::Text;

use super::group::Group;
use super::message::Value;

/// The group, and of it sysDescr, sysObjectID, sysContact, sysName, sysLocation.
pub(super) const SYSTEM: [u32; 7] = [1, 3, 6, 1, 2, 1, 1];
const OBJECTS: [u32; 5] = [1, 2, 4, 5, 6];

/// The group's name in its MIB.
pub(super) const NAME: &str = "system";

/// The question for it, and for these objects of it.
pub(super) fn group(also: impl Iterator<Item = u32>) -> Group {
    let also = also.filter(|object| !OBJECTS.contains(object));
    Group::new(&SYSTEM, OBJECTS.into_iter().chain(also))
}

/// What it said, if it said something. An object of the wrong type is empty.
pub(super) fn fact(group: &Group) -> Option<Fact> {
    let text = |at: usize| match group.cells().get(at) {
        Some(Value::Octets(octets)) => Text::from_wire(octets),
        _ => Text::default(),
    };
    let object_id = match group.cells().get(1) {
        Some(Value::Oid(oid)) => oid.to_string(),
        _ => String::new(),
    };
    group.said_something().then(|| Fact::System {
        description: text(0),
        object_id,
        contact: text(2),
        name: text(3),
        location: text(4),
    })
}
