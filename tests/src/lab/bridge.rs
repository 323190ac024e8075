//! A switch whose bridge is the kernel's, with a wiring behind it of which nothing reaches the lab's
//! network. Data like [`super::hosts`]; `etc/lay-bridge.sh` lays the wiring.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

use super::hosts::{Daemon, Spec, snmpd};
use super::ready::Ready;

/// The only host: what is behind it is found in its tables.
pub const BRIDGE: &[Spec] = &[SWITCH];

const SWITCH: Spec = Spec {
    name: "sw-3f-01",
    port: "access",
    ip: Ipv4Addr::new(10, 77, 0, 3),
    mac: Mac::new([0x00, 0x00, 0xcd, 0x77, 0x00, 0x03]),
    sys_name: Some("sw-3f-01"),
    services: &[],
    open: &[],
    daemons: &[
        Daemon {
            before: &[
                "sh -eu \"$D/lay-bridge.sh\"",
                "sh -eu \"$D/bridge-mib.sh\"",
                "mkdir -p \"$D/snmp\"",
                "export SNMP_PERSISTENT_DIR=\"$D/snmp\" MIBS=",
            ],
            ..snmpd(
                &[
                    ("lay-bridge.sh", include_str!("etc/lay-bridge.sh")),
                    ("snmpd.conf", include_str!("etc/snmpd-bridge.conf")),
                    ("bridge-mib.sh", include_str!("etc/bridge-mib.sh")),
                ],
                &[Ready::Snmp("sw-3f-01")],
            )
        },
        Daemon {
            name: "lldpd",
            files: &[],
            before: &["mkdir -p -m 755 /run/lldpd"],
            run: "lldpd -d -x -X \"$D/agentx.sock\" -u \"$D/lldpd.sock\" -I p4 -C br1 \
                  -L /usr/sbin/lldpcli",
            ready: &[Ready::Socket("lldpd.sock")],
        },
        Daemon {
            name: "telephone",
            files: &[],
            before: &[
                "(until lldpcli -u \"$D/lldpd.sock\" show neighbors | grep -q 00:0f:d3:79:00:41; \
                 do sleep 0.1; done; : >\"$D/met\") &",
            ],
            run: "ip netns exec phone unshare --uts sh -c 'hostname denwa-214; exec lldpd -d -M 3 \
                  -u \"$D/telephone.sock\" -I net0 -C ph0 -S \"IP Phone\" -L /usr/sbin/lldpcli'",
            ready: &[Ready::File("met")],
        },
    ],
};
