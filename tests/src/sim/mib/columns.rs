//! The objects behind the names of columns: numbers as the MIBs register them, written apart from the
//! agent's `config/snmp`, so that an error there is not answered by the same error here.

/// An entry, or a group of scalars, and the columns told of it.
type Table = (&'static [u32], &'static [(u32, &'static str)]);

const TABLES: [Table; 20] = [
    // BRIDGE-MIB (RFC 4188).
    (&[1, 3, 6, 1, 2, 1, 17, 1], &[(1, "dot1dBaseBridgeAddress")]),
    (&[1, 3, 6, 1, 2, 1, 17, 1, 4, 1], &[(2, "dot1dBasePortIfIndex")]),
    (&[1, 3, 6, 1, 2, 1, 17, 4, 3, 1], &[(2, "dot1dTpFdbPort"), (3, "dot1dTpFdbStatus")]),
    // CISCO-VTP-MIB, CISCO-VLAN-MEMBERSHIP-MIB.
    (
        &[1, 3, 6, 1, 4, 1, 9, 9, 46, 1, 3, 1, 1],
        &[(2, "vtpVlanState"), (3, "vtpVlanType"), (4, "vtpVlanName")],
    ),
    (&[1, 3, 6, 1, 4, 1, 9, 9, 68, 1, 2, 2, 1], &[(2, "vmVlan")]),
    // Q-BRIDGE-MIB (RFC 4363).
    (&[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1], &[(2, "dot1qTpFdbPort"), (3, "dot1qTpFdbStatus")]),
    (&[1, 3, 6, 1, 2, 1, 17, 7, 1, 4, 2, 1], &[(3, "dot1qVlanFdbId")]),
    (
        &[1, 3, 6, 1, 2, 1, 17, 7, 1, 4, 3, 1],
        &[(1, "dot1qVlanStaticName"), (5, "dot1qVlanStaticRowStatus")],
    ),
    (&[1, 3, 6, 1, 2, 1, 17, 7, 1, 4, 5, 1], &[(1, "dot1qPvid")]),
    // EtherLike-MIB (RFC 3635).
    (&[1, 3, 6, 1, 2, 1, 10, 7, 2, 1], &[(19, "dot3StatsDuplexStatus")]),
    // IEEE8023-LAG-MIB.
    (&[1, 2, 840, 10_006, 300, 43, 1, 2, 1, 1], &[(13, "dot3adAggPortAttachedAggID")]),
    // LLDP-MIB (IEEE 802.1AB-2005).
    (
        &[1, 0, 8802, 1, 1, 2, 1, 3],
        &[(1, "lldpLocChassisIdSubtype"), (2, "lldpLocChassisId"), (3, "lldpLocSysName")],
    ),
    (&[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1], &[(2, "lldpLocPortIdSubtype"), (3, "lldpLocPortId")]),
    (
        &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1],
        &[
            (4, "lldpRemChassisIdSubtype"),
            (5, "lldpRemChassisId"),
            (6, "lldpRemPortIdSubtype"),
            (7, "lldpRemPortId"),
            (9, "lldpRemSysName"),
            (12, "lldpRemSysCapEnabled"),
        ],
    ),
    // IP-MIB (RFC 1213).
    (&[1, 3, 6, 1, 2, 1, 4, 22, 1], &[(2, "ipNetToMediaPhysAddress"), (4, "ipNetToMediaType")]),
    // ENTITY-MIB (RFC 6933).
    (
        &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1],
        &[
            (2, "entPhysicalDescr"),
            (4, "entPhysicalContainedIn"),
            (5, "entPhysicalClass"),
            (7, "entPhysicalName"),
            (11, "entPhysicalSerialNum"),
            (13, "entPhysicalModelName"),
        ],
    ),
    // HOST-RESOURCES-MIB (RFC 2790).
    (
        &[1, 3, 6, 1, 2, 1, 25, 2, 3, 1],
        &[
            (2, "hrStorageType"),
            (3, "hrStorageDescr"),
            (4, "hrStorageAllocationUnits"),
            (5, "hrStorageSize"),
        ],
    ),
    (&[1, 3, 6, 1, 2, 1, 25, 3, 2, 1], &[(2, "hrDeviceType"), (3, "hrDeviceDescr")]),
    // Printer-MIB (RFC 3805).
    (&[1, 3, 6, 1, 2, 1, 43, 5, 1, 1], &[(17, "prtGeneralSerialNumber")]),
    (&[1, 3, 6, 1, 2, 1, 43, 10, 2, 1], &[(4, "prtMarkerLifeCount")]),
];

/// The object with this name, without an instance.
pub(super) fn oid(name: &str) -> Option<Vec<u32>> {
    TABLES.iter().find_map(|(entry, columns)| {
        let (number, _) = columns.iter().find(|(_, column)| *column == name)?;
        Some([entry, [*number].as_slice()].concat())
    })
}
