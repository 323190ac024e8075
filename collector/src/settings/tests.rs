use daicho_common::job::{Declared, Order, Permits, Reach};
use daicho_common::time::Timestamp;

use super::effective::{Effective, with};
use super::orders::{Standing, dress, standing};
use super::*;
use crate::config::Config;
use crate::policy::Purpose;
use crate::store::Agent;

const TEXT: &str = r#"
[general]
retention_days = 400
silent_agent_hours = 48
public_url = "https://daicho.example.jp/"

[deny]
nets = ["10.20.0.7"]
ouis = ["00:1a:2b"]

[[network]]
name = "3F"
cidr = "10.20.0.0/24"
purpose = "medical"
gateways = ["10.20.0.254"]
agent = "east"
policy = "full"
windows = ["月-金 22:00-05:00"]
credentials = ["core"]

[[network]]
name = "事務"
cidr = "10.21.0.0/24"
agent = "east"
policy = "sighting"

[[credential]]
name = "core"
version = "v3"
user = "daicho"
auth = "sha256"

[[notify]]
name = "mail"
kind = "smtp"
server = "mx.example.jp"
from = "a@example.jp"
to = ["b@example.jp"]
quiet = ["22:00-07:00"]

[[notify]]
name = "chat"
kind = "webhook"

[notify.url]
secret = "notify.chat.url"
host = "https://hooks.example.jp"
"#;

fn settings() -> Settings {
    Settings::parse(TEXT, "t").unwrap()
}

#[test]
fn what_is_exported_is_read_back() {
    let settings = settings();
    assert_eq!(Settings::parse(&settings.to_toml().unwrap(), "t").unwrap(), settings);
    for setting in settings.all() {
        let text = setting.to_json().unwrap();
        assert_eq!(Setting::from_json(setting.kind(), &text).unwrap(), setting);
    }
    assert_eq!(settings.all().len(), 7);
    assert_eq!(settings.all().into_iter().collect::<Settings>(), settings);
}

#[test]
fn what_is_wrong_is_said_by_field() {
    for (from, to, field) in [
        ("10.20.0.0/24", "10.0.0.0/8", "cidr"),
        ("10.21.0.0/24", "10.20.0.128/25", "cidr"),
        ("10.20.0.254", "router", "gateways"),
        ("月-金 22:00-05:00", "night", "windows"),
        ("credentials = [\"core\"]", "credentials = [\"gone\"]", "credentials"),
        ("name = \"事務\"", "name = \"3F\"", "name"),
        ("auth = \"sha256\"", "auth = \"rot13\"", "auth"),
        ("auth = \"sha256\"", "privacy = \"aes128\"", "privacy"),
        ("user = \"daicho\"", "user = \"\"", "user"),
        ("00:1a:2b", "00:1a", "ouis"),
        ("10.20.0.7", "everything", "nets"),
        ("= 400", "= 30", "retention_days"),
        ("= 48", "= 0", "silent_agent_hours"),
        ("b@example.jp", "b", "to"),
        ("name = \"mail\"", "name = \"a name that is far too long for it\"", "name"),
    ] {
        let bad = Settings::parse(&TEXT.replacen(from, to, 1), "t").unwrap_err();
        assert!(bad.en.contains(&format!("{field} of [")), "{from} → {to}: {bad}");
    }
    assert!(Settings::parse("[general]\nretention = 1\n", "t").unwrap_err().en.contains("line 2"));
}

#[test]
fn the_file_wins_and_what_it_leaves_as_it_was_the_settings_say() {
    let file = |text: &str| Config::parse(text, "c").unwrap();
    let bare = with(&file(""), &settings());
    assert_eq!((bare.retention_days, bare.notify.limits.silent_hours), (Some(400), 48));
    assert_eq!(bare.notify.url, "https://daicho.example.jp");
    let names: Vec<&str> = bare.notify.channels.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["mail", "chat"]);
    assert_eq!(bare.decreed.networks.len(), 1, "only what it was said of what it is for");
    let said = file(
        "retention_days = 100\nsilent_agent_hours = 5\npublic_url = \"https://own.example.jp\"\n\
         [[network]]\nname = \"3F\"\npurpose = \"office\"\n[[notify]]\nname = \"mail\"\nkind = \"syslog\"\nserver = \"s\"\n",
    );
    let own = with(&said, &settings());
    assert_eq!((own.retention_days, own.notify.limits.silent_hours), (Some(100), 5));
    assert_eq!(own.decreed.networks[0].purpose, Purpose::Office);
    assert_eq!((own.notify.channels[0].road.name(), own.notify.channels.len()), ("syslog", 2));
    assert_eq!(Effective::of(&said, (7, settings())).version, 7);
}

fn east(own: &[(&str, &str)], may_declare: &[&str]) -> Agent {
    let declared = |(name, cidr): &(&str, &str)| Declared {
        name: (*name).into(),
        cidr: (*cidr).into(),
        policy: Reach::Gentle,
        packets_per_second: 100,
        target_packets_per_second: 2,
    };
    Agent {
        name: "east".into(),
        until: Some(Timestamp::from_micros(i64::MAX)),
        networks: own.iter().map(declared).collect(),
        permits: Permits {
            may_declare: may_declare.iter().map(|text| (*text).into()).collect(),
            policy: Some(Reach::Gentle),
            packets_per_second: 50,
            target_packets_per_second: 2,
            credentials: false,
        },
        ..Agent::default()
    }
}

#[test]
fn an_agent_is_told_only_of_networks_that_its_own_file_permits_and_of_all_that_is_denied() {
    let settings = settings();
    let ordered = |agent: &Agent, networks: &[&str]| {
        let networks = networks.iter().map(|text| (*text).into()).collect();
        let (order, needed) = dress(Order { networks, ..Order::default() }, &settings, agent);
        let names: Vec<String> = order.declared.iter().map(|one| one.name.clone()).collect();
        assert_eq!(order.deny.nets, ["10.20.0.7"]);
        (names, needed)
    };
    let none = (Vec::new(), Vec::new());
    assert_eq!(ordered(&east(&[], &[]), &[]), none, "by default it is told of none");
    let wide = east(&[], &["10.16.0.0/12"]);
    let known = orders::told(vec![wide.clone()], &settings);
    let ward = &known[0].networks[0];
    assert_eq!((ward.policy, ward.packets_per_second), (Reach::Gentle, 50), "in the plan");
    let core = vec![("3F".to_owned(), vec!["core".to_owned()])];
    assert_eq!(ordered(&wide, &[]), (vec!["3F".to_owned(), "事務".to_owned()], core.clone()));
    assert_eq!(ordered(&wide, &["10.20.0.0/28"]), (vec!["3F".to_owned()], core.clone()));
    assert_eq!(ordered(&wide, &["事務"]), (vec!["事務".to_owned()], Vec::new()));
    assert_eq!(ordered(&Agent { name: "west".into(), ..wide.clone() }, &[]), none);
    // What its own file declares it is not told of, and credentials for it only if the file says so.
    let mut own = east(&[("3F", "10.20.0.0/24")], &["10.20.0.0/24"]);
    assert_eq!(ordered(&own, &[]), none);
    own.permits.credentials = true;
    assert_eq!(ordered(&own, &[]), (Vec::new(), core));
    let of = |agent: &Agent| standing(&settings.networks[0], std::slice::from_ref(agent));
    assert_eq!(of(&own), Standing::Own("3F".into()));
    assert_eq!(
        (of(&wide), of(&east(&[], &["10.21.0.0/24"]))),
        (Standing::Scanned, Standing::NotPermitted)
    );
    assert_eq!(standing(&settings.networks[0], &[]), Standing::NoAgent);
}

#[test]
fn secrets_of_credentials_are_checked_and_read_however_they_were_kept() {
    let credential = settings().credentials.remove(0);
    assert_eq!(credential.secret(), "snmp.core");
    let short = credential::Secrets { auth_password: "short".into(), ..Default::default() };
    let flaws = credential.flaws_of(&short);
    assert_eq!((flaws.len(), flaws[0].field.as_str()), (1, "auth_password"));
    assert!(!format!("{flaws:?} {short:?}").contains("short"));
    let kept = serde_json::to_string(&short).unwrap();
    assert_eq!(credential.read(&kept), short);
    assert_eq!(credential.read("a whole password").auth_password, "a whole password");
    let v2c = Credential { version: credential::Version::V2c, ..credential };
    assert_eq!(v2c.read("public").community, "public");
    let mut snmp = daicho_common::handed::Snmp::default();
    v2c.hand(v2c.read("public"), &mut snmp);
    assert_eq!((snmp.communities, snmp.users.len()), (vec!["public".to_owned()], 0));
}
