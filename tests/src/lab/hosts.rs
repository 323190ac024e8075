//! The hosts of the lab as data: what each is made of, and what a scan must find of it.
//!
//! MAC addresses carry the makers' real prefixes and are burned-in in form, as a scanner would meet
//! them. Commands are lines for the host's shell, in which `$D` is the host's own directory; `{dir}`
//! stands for it in files, `{name}` for the host's name.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

use super::ready::Ready;

/// A host as it is to be, and as it is to be found.
#[derive(Debug)]
pub struct Spec {
    /// Its name, in its own opinion.
    pub name: &'static str,
    /// The switch's port that it is on.
    pub port: &'static str,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its MAC address.
    pub mac: Mac,
    /// Its sysName; `None` if it speaks no SNMP.
    pub sys_name: Option<&'static str>,
    /// The DNS-SD service types that it announces, ascending.
    pub services: &'static [&'static str],
    /// Its TCP ports that accept connections, ascending.
    pub open: &'static [u16],
    /// What runs on it, in the order of starting.
    pub daemons: &'static [Daemon],
}

/// A daemon of a host.
#[derive(Debug)]
pub struct Daemon {
    /// Its program's name; its log is called so.
    pub name: &'static str,
    /// Files in the host's directory: path and content.
    pub files: &'static [(&'static str, &'static str)],
    /// Lines for the shell before the start.
    pub before: &'static [&'static str],
    /// The line that starts it in the foreground.
    pub run: &'static str,
    /// How it is known to be there, each in turn.
    pub ready: &'static [Ready],
}

/// The read-only community that the SNMP agents of the lab know.
pub const COMMUNITY: &str = "lab-kensa";

/// Every host.
pub const HOSTS: &[Spec] = &[SERVER, PRINTER, FILES, WEB, NAMES, SWITCH];

const fn at(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, last)
}

const fn mac(oui: [u8; 3], last: u8) -> Mac {
    let [a, b, c] = oui;
    Mac::new([a, b, c, 0x77, 0x00, last])
}

const SERVER: Spec = Spec {
    name: "kensa-sv01",
    port: "server",
    ip: at(11),
    mac: mac([0x3c, 0xd9, 0x2b], 11),
    sys_name: Some("kensa-sv01"),
    services: &["_sftp-ssh._tcp", "_ssh._tcp"],
    open: &[22],
    daemons: &[
        snmpd(
            &[("snmpd.conf", include_str!("etc/snmpd-server.conf"))],
            &[Ready::Snmp("kensa-sv01")],
        ),
        Daemon {
            name: "sshd",
            files: &[("sshd_config", include_str!("etc/sshd_config"))],
            before: &[
                "mkdir -p -m 755 /run/sshd",
                "ssh-keygen -q -t ed25519 -N '' -f \"$D/ssh_host_ed25519_key\"",
            ],
            run: "/usr/sbin/sshd -D -e -f \"$D/sshd_config\"",
            ready: &[Ready::Tcp(22)],
        },
        avahi(
            &[
                ("avahi.conf", AVAHI),
                ("services/ssh.service", include_str!("etc/avahi-server.service")),
            ],
            &[Ready::Mdns("_ssh._tcp"), Ready::Mdns("_sftp-ssh._tcp")],
        ),
    ],
};

pub(super) const PRINTER: Spec = Spec {
    name: "MFP-3F-EAST",
    port: "printer",
    ip: at(21),
    mac: mac([0x00, 0x26, 0x73], 21),
    sys_name: Some("MFP-3F-EAST"),
    services: &["_http._tcp", "_ipp._tcp", "_ipps._tcp", "_printer._tcp"],
    open: &[631],
    daemons: &[
        snmpd(
            &[("snmpd.conf", include_str!("etc/snmpd-printer.conf"))],
            &[Ready::Snmp("MFP-3F-EAST")],
        ),
        Daemon {
            name: "dbus-daemon",
            files: &[("dbus.conf", include_str!("etc/dbus.conf"))],
            before: &["export DBUS_SYSTEM_BUS_ADDRESS=\"unix:path=$D/bus\""],
            run: "dbus-daemon --config-file=\"$D/dbus.conf\" --nofork --nopidfile",
            ready: &[Ready::Socket("bus")],
        },
        avahi(
            &[("avahi.conf", AVAHI_ON_DBUS), ("services/none", "")],
            &[Ready::MdnsHost("MFP-3F-EAST.local")],
        ),
        Daemon {
            name: "ippeveprinter",
            files: &[],
            before: &["mkdir -p \"$D/spool\" \"$D/keys\""],
            run: "ippeveprinter -p 631 -M RICOH -m 'IM C3000' \
                  -l '3階東病棟' -f application/pdf -d \"$D/spool\" -K \"$D/keys\" 'IM C3000 3階東'",
            ready: &[
                Ready::Tcp(631),
                Ready::Mdns("_http._tcp"),
                Ready::Mdns("_ipp._tcp"),
                Ready::Mdns("_ipps._tcp"),
                Ready::Mdns("_printer._tcp"),
            ],
        },
    ],
};

const FILES: Spec = Spec {
    name: "nas-01",
    port: "files",
    ip: at(31),
    mac: mac([0x00, 0x1d, 0x73], 31),
    sys_name: None,
    services: &["_device-info._tcp", "_smb._tcp"],
    open: &[139, 445],
    daemons: &[
        Daemon {
            name: "smbd",
            files: &[("smb.conf", include_str!("etc/smb.conf"))],
            before: &["mkdir -p /run/samba \"$D/samba\" \"$D/share\""],
            run: "smbd -F --no-process-group --debug-stdout --configfile=\"$D/smb.conf\"",
            ready: &[Ready::Tcp(139), Ready::Tcp(445)],
        },
        Daemon {
            name: "nmbd",
            files: &[],
            before: &[],
            run: "nmbd -F --no-process-group --debug-stdout --configfile=\"$D/smb.conf\"",
            ready: &[Ready::NetBios("NAS-01")],
        },
        avahi(
            &[
                ("avahi.conf", AVAHI),
                ("services/smb.service", include_str!("etc/avahi-files.service")),
            ],
            &[Ready::Mdns("_smb._tcp"), Ready::Mdns("_device-info._tcp")],
        ),
    ],
};

const WEB: Spec = Spec {
    name: "web-01",
    port: "web",
    ip: at(41),
    mac: mac([0x00, 0x25, 0x90], 41),
    sys_name: None,
    services: &[],
    open: &[80],
    daemons: &[Daemon {
        name: "nginx",
        files: &[("nginx.conf", include_str!("etc/nginx.conf"))],
        before: &[],
        run: "nginx -e stderr -p \"$D\" -c \"$D/nginx.conf\"",
        ready: &[Ready::Tcp(80)],
    }],
};

const NAMES: Spec = Spec {
    name: "dns-01",
    port: "names",
    ip: at(51),
    mac: mac([0x00, 0xa0, 0xde], 51),
    sys_name: None,
    services: &[],
    open: &[53],
    daemons: &[Daemon {
        name: "dnsmasq",
        files: &[("dnsmasq.conf", include_str!("etc/dnsmasq.conf"))],
        before: &[],
        run: "dnsmasq --conf-file=\"$D/dnsmasq.conf\"",
        ready: &[Ready::Dns("kensa-sv01.byoin.test"), Ready::Tcp(53)],
    }],
};

const SWITCH: Spec = Spec {
    name: "sw-2f-01",
    port: "access",
    ip: at(2),
    mac: mac([0x00, 0x00, 0xcd], 2),
    sys_name: Some("sw-2f-01"),
    services: &[],
    open: &[],
    daemons: &[
        snmpd(&[("snmpd.conf", include_str!("etc/snmpd-switch.conf"))], &[Ready::Snmp("sw-2f-01")]),
        Daemon {
            name: "lldpd",
            files: &[],
            before: &["mkdir -p -m 755 /run/lldpd"],
            run: "lldpd -d -x -X \"$D/agentx.sock\" -u \"$D/lldpd.sock\" -I eth0 -C eth0 \
                  -L /usr/sbin/lldpcli",
            ready: &[Ready::Socket("lldpd.sock")],
        },
    ],
};

const AVAHI: &str = include_str!("etc/avahi.conf");
const AVAHI_ON_DBUS: &str = include_str!("etc/avahi-dbus.conf");

const fn avahi(files: &'static [(&'static str, &'static str)], ready: &'static [Ready]) -> Daemon {
    Daemon {
        name: "avahi-daemon",
        files,
        before: &[
            "mkdir -p -m 755 /run/avahi-daemon",
            "mount --bind \"$D/services\" /etc/avahi/services",
        ],
        run: "avahi-daemon --file=\"$D/avahi.conf\" --no-drop-root --no-chroot --no-rlimits",
        ready,
    }
}

pub(super) const fn snmpd(
    files: &'static [(&'static str, &'static str)],
    ready: &'static [Ready],
) -> Daemon {
    Daemon {
        name: "snmpd",
        files,
        before: &["mkdir -p \"$D/snmp\"", "export SNMP_PERSISTENT_DIR=\"$D/snmp\" MIBS="],
        run: "snmpd -f -Lo -C -c \"$D/snmpd.conf\" -p \"$D/snmpd.pid\"",
        ready,
    }
}
