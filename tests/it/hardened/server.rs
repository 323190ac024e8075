use std::fs;

use daicho_tests::cluster::{self, Cluster};
use nix::sys::signal::Signal;

use super::pages::Reader;
use super::system::{System, said};
use crate::heard::Running;

#[test]
fn a_collector_confined_by_its_unit_works_on_a_postgresql_server() {
    let Some(system) = System::up() else { return };
    if let Some(why) = cluster::obstacle() {
        println!("skipped: {why}");
        return;
    }
    let (ca, [certificate, key]) = crate::postgres::authority();
    let cluster = Cluster::over_tls(&certificate, &key).unwrap();
    let url = cluster.database("units").unwrap();
    let (file, ca) = ("/etc/daicho/ca.pem", ca.pem());
    system.enter(|| fs::write(file, ca).unwrap());
    let changes = [
        ("\nlisten = \"127.0.0.1:8470\"", "\nlisten = \"127.0.0.1:0\"".to_owned()),
        ("\nstore = \"\"", format!("\nstore = \"{url}\"")),
        ("\nstore_authority = \"\"", format!("\nstore_authority = \"{file}\"")),
        ("retention_days = 0\n", "retention_days = 90\n".to_owned()),
    ];
    let changes = changes.each_ref().map(|(from, to)| (*from, to.as_str()));
    system.edit("/etc/daicho/collector.toml", &changes);
    let unit = system.unit("daicho-collector.service");
    let (serving, rest) = system.confined(&unit, |command| Running::until(command, "）: http://"));
    let (address, code) = rest.split_once("/setup?code=").unwrap();
    let code = code.split_whitespace().next().unwrap();
    let mut reader = Reader::first(&format!("http://{address}"), code);
    reader.log_in_again();
    reader.reports();
    for name in ["daicho-collector-retain.service", "daicho-collector-backup.service"] {
        let unit = system.unit(name);
        let output = system.confined(&unit, |mut command| command.output().unwrap());
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
    assert_eq!(serving.end_by(Signal::SIGTERM), Some(0));
    assert_eq!(cluster.query("units", "SELECT count(*) FROM account").unwrap(), "1");
}
