//! The agent's configuration for a hospital, as an administrator would write it.

use std::fmt::Write;

use crate::sim::{COMMUNITY, Ground, Hospital, Reach, loopback};

/// Packets a second: more than the default, so that the demo does not take minutes.
pub const RATE: u32 = 400;
/// Packets a second to one target, for the same reason: the tables of a switch take 40 to 120.
pub const TARGET_RATE: u32 = 40;

/// The text of `agent.toml`.
pub fn toml(hospital: &Hospital) -> String {
    let community = String::from_utf8_lossy(COMMUNITY);
    let mut text = format!(
        "# デモ用。実際のネットワークでは既定の速度（毎秒 200、1 台あたり毎秒 2）を使ってください。\n\
         # For the demo; on a real network keep the default rate of 200 a second, 2 to one device.\n\
         [agent]\nname = \"demo\"\n\n\
         [pace]\npackets_per_second = {RATE}\ntarget_packets_per_second = {TARGET_RATE}\n\
         timeout_ms = 400\ntries = 2\n"
    );
    for segment in hospital.declared() {
        let policy = if segment.reach == Reach::Sighting { "sighting" } else { "gentle" };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n[[network]]\nname = \"{}\"\ncidr = \"{}\"\npolicy = \"{policy}\"\n",
            segment.name, segment.cidr
        );
        if hospital.ground == Ground::Loopback {
            // Below 1024 it is this machine itself that answers for every address of 127.0.0.0/8.
            let port = loopback::TCP_PORT;
            let _ = writeln!(text, "tcp_ports = [{port}]");
            if segment.reach != Reach::Sighting {
                let _ = writeln!(text, "questions = [\"http\"]\nports = {{ http = [{port}] }}");
            }
        }
        if segment.reach != Reach::Sighting {
            let port = match hospital.ground {
                Ground::Wire => 161,
                Ground::Loopback => loopback::SNMP_PORT,
            };
            let _ =
                write!(text, "[network.snmp]\ncommunities = [\"{community}\"]\nport = {port}\n");
        }
    }
    text
}
