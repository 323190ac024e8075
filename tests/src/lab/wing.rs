//! A second set of hosts: services of which each is asked gently what it is. Data like [`super::hosts`].

use daicho_common::addr::Mac;

use super::hosts::{Daemon, PRINTER, Spec};
use super::ready::Ready;

/// Every host of the wing.
pub const WING: &[Spec] = &[OFFICE, DESK, PACS, MEDIA, OLD_WEB, NEW_WEB, VOICE, RECORDS, PRINTER];

const fn at(last: u8) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::new(10, 77, 0, last)
}

const fn mac(oui: [u8; 3], last: u8) -> Mac {
    let [a, b, c] = oui;
    Mac::new([a, b, c, 0x77, 0x01, last])
}

/// A host that speaks neither SNMP nor DNS-SD.
const fn host(
    name: &'static str,
    port: &'static str,
    last: u8,
    oui: [u8; 3],
    rest: (&'static [u16], &'static [Daemon]),
) -> Spec {
    let (open, daemons) = rest;
    let (ip, mac) = (at(last), mac(oui, last));
    Spec { name, port, ip, mac, sys_name: None, services: &[], open, daemons }
}

/// A file server in the domain of the office, which Windows' network view shows.
const OFFICE: Spec = host(
    "jimu-sv02",
    "office",
    61,
    [0x00, 0x15, 0x5d],
    (
        &[139, 445],
        &[
            Daemon {
                name: "smbd",
                files: &[("smb.conf", include_str!("etc/smb-office.conf"))],
                before: &["mkdir -p /run/samba \"$D/samba\""],
                run: "smbd -F --no-process-group --debug-stdout --configfile=\"$D/smb.conf\"",
                ready: &[Ready::Tcp(139), Ready::Tcp(445)],
            },
            Daemon {
                name: "nmbd",
                files: &[],
                before: &[],
                run: "nmbd -F --no-process-group --debug-stdout --configfile=\"$D/smb.conf\"",
                ready: &[Ready::NetBios("JIMU-SV02")],
            },
            Daemon {
                name: "wsdd",
                files: &[],
                before: &[],
                run: "wsdd -4 -i eth0 -n JIMU-SV02 -w JIMUKYOKU",
                ready: &[Ready::Udp(3702)],
            },
        ],
    ),
);

/// A terminal server, and a small SSH server with an RSA key only.
const DESK: Spec = host(
    "vdi-01",
    "desk",
    62,
    [0x00, 0x0c, 0x29],
    (
        &[22, 3389],
        &[
            Daemon {
                name: "xrdp",
                files: &[("xrdp.ini", include_str!("etc/xrdp.ini"))],
                before: &[
                    "mkdir -p /run/xrdp",
                    "openssl req -x509 -newkey rsa:2048 -nodes -keyout \"$D/key.pem\" \
             -out \"$D/cert.pem\" -days 3650 -subj /CN=vdi-01.byoin.test 2>/dev/null",
                    "xrdp-keygen xrdp \"$D/rsakeys.ini\" >/dev/null",
                ],
                run: "xrdp --nodaemon --config \"$D/xrdp.ini\"",
                ready: &[Ready::Tcp(3389)],
            },
            Daemon {
                name: "dropbear",
                files: &[],
                before: &["dropbearkey -t rsa -s 2048 -f \"$D/rsa\" >/dev/null 2>&1"],
                run: "dropbear -F -E -r \"$D/rsa\" -p 22 -s -P \"$D/dropbear.pid\"",
                ready: &[Ready::Tcp(22)],
            },
        ],
    ),
);

/// An image archive: Orthanc, and a storage provider of DCMTK beside it.
const PACS: Spec = host(
    "pacs-01",
    "pacs",
    63,
    [0x00, 0x1e, 0x67],
    (
        &[104, 4242, 8042],
        &[
            Daemon {
                name: "Orthanc",
                files: &[("orthanc.json", include_str!("etc/orthanc.json"))],
                before: &["mkdir -p \"$D/db\""],
                run: "Orthanc \"$D/orthanc.json\"",
                ready: &[Ready::Tcp(4242), Ready::Tcp(8042)],
            },
            Daemon {
                name: "storescp",
                files: &[],
                before: &["mkdir -p \"$D/dicom\""],
                run: "storescp -aet KENSA_SCP -od \"$D/dicom\" 104",
                ready: &[Ready::Tcp(104)],
            },
        ],
    ),
);

/// A media server.
const MEDIA: Spec = host(
    "media-01",
    "media",
    64,
    [0x00, 0x1d, 0x73],
    (
        &[8200],
        &[Daemon {
            name: "minidlnad",
            files: &[("minidlna.conf", include_str!("etc/minidlna.conf"))],
            before: &["mkdir -p \"$D/media\" \"$D/db\""],
            run: "minidlnad -S -R -f \"$D/minidlna.conf\" -P \"$D/minidlna.pid\"",
            ready: &[Ready::Tcp(8200)],
        }],
    ),
);

/// A page over TLS as old gear has it: TLS 1.0, SHA-1, RSA of 1,024 bits.
const OLD_WEB: Spec = host(
    "old-web",
    "oldweb",
    65,
    [0x00, 0xa0, 0xde],
    (
        &[443],
        &[Daemon {
            name: "nginx",
            files: &[
                ("nginx.conf", include_str!("etc/nginx-old.conf")),
                ("openssl.cnf", include_str!("etc/openssl-old.cnf")),
            ],
            before: &[
                "export OPENSSL_CONF=\"$D/openssl.cnf\"",
                "openssl req -x509 -newkey rsa:1024 -sha1 -nodes -keyout \"$D/key.pem\" \
         -out \"$D/cert.pem\" -days 3650 -subj '/C=JP/O=Byoin/CN=old-web' 2>/dev/null",
            ],
            run: "nginx -e stderr -p \"$D\" -c \"$D/nginx.conf\"",
            ready: &[Ready::Tcp(443)],
        }],
    ),
);

/// A page over TLS 1.3 only, to which the plain one leads.
const NEW_WEB: Spec = host(
    "new-web",
    "newweb",
    66,
    [0x00, 0x25, 0x90],
    (
        &[80, 443],
        &[Daemon {
            name: "nginx",
            files: &[("nginx.conf", include_str!("etc/nginx-new.conf"))],
            before: &["openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
         -keyout \"$D/key.pem\" -out \"$D/cert.pem\" -days 3650 \
         -subj '/C=JP/O=Byoin/CN=new-web.byoin.test' 2>/dev/null"],
            run: "nginx -e stderr -p \"$D\" -c \"$D/nginx.conf\"",
            ready: &[Ready::Tcp(80), Ready::Tcp(443)],
        }],
    ),
);

/// A SIP server.
const VOICE: Spec = host(
    "pbx-01",
    "voice",
    67,
    [0x00, 0x80, 0xf0],
    (
        &[],
        &[Daemon {
            name: "kamailio",
            files: &[("kamailio.cfg", include_str!("etc/kamailio.cfg"))],
            before: &["mkdir -p /run/kamailio"],
            run: "kamailio -DD -E -f \"$D/kamailio.cfg\" -P \"$D/kamailio.pid\" -Y \"$D\" -m 16 -M 4",
            ready: &[Ready::Udp(5060)],
        }],
    ),
);

/// A database with file transfer and terminal access of another time.
const RECORDS: Spec = host(
    "karte-db",
    "records",
    68,
    [0x3c, 0xd9, 0x2b],
    (
        &[21, 23, 5432],
        &[
            Daemon {
                name: "postgres",
                files: &[],
                before: &[
                    "mkdir -m 700 \"$D/pg\"",
                    "chown -R postgres \"$D/pg\"",
                    "PG=$(ls -d /usr/lib/postgresql/*/bin)",
                    "su postgres -s /bin/sh -c \"$PG/initdb -D $D/pg -A reject >/dev/null\"",
                ],
                run: "su postgres -s /bin/sh -c \"exec $PG/postgres -D $D/pg -h 0.0.0.0 -k ''\"",
                ready: &[Ready::Tcp(5432)],
            },
            Daemon {
                name: "vsftpd",
                files: &[("vsftpd.conf", include_str!("etc/vsftpd.conf"))],
                before: &["mkdir -p /run/vsftpd/empty"],
                run: "vsftpd \"$D/vsftpd.conf\"",
                ready: &[Ready::Tcp(21)],
            },
            Daemon {
                name: "telnetd",
                files: &[(
                    "telnetd.conf",
                    "telnet stream tcp nowait root /usr/sbin/telnetd telnetd -h\n",
                )],
                before: &[],
                run: "inetutils-inetd -d \"$D/telnetd.conf\"",
                ready: &[Ready::Tcp(23)],
            },
        ],
    ),
);
