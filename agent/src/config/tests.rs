use daicho_common::observation::Method;

use super::*;
use crate::plan::{Medical, Policy};

fn parse(text: &str) -> Result<Declared, Complaint> {
    Declared::parse(text, Path::new("agent.toml"))
}

fn ward() -> Declared {
    parse(
        r#"
        [[network]]
        name = "ward"
        cidr = "10.30.0.0/16"
        policy = "sighting"
        packets_per_second = 20
        [[network]]
        name = "public"
        cidr = "8.8.8.0/24"
        "#,
    )
    .unwrap()
}

fn names(declared: &Declared, words: &[&str]) -> Result<Vec<String>, Complaint> {
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    let chosen = declared.choose(&words, false)?;
    Ok(chosen.into_iter().map(|one| one.network.cidr.to_string()).collect())
}

#[test]
fn the_sample_says_what_the_defaults_are() {
    let sample = Declared { file: None, ..parse(SAMPLE).unwrap() };
    assert_eq!(sample, Declared::default());
}

#[test]
fn windows_and_back_off_are_read_and_checked() {
    let network = "[[network]]\ncidr = \"10.30.0.0/24\"\n";
    let good = "[agent]\nutc_offset = \"-03:00\"\n[pace]\nsilences = 5\ncanary = false\n";
    let text = format!("{good}{network}windows = [\"Mon-Fri 22:00-05:00\"]");
    let declared = parse(&text).unwrap();
    let windows = &declared.networks[0].network.windows;
    assert_eq!((windows.spans.len(), windows.offset), (1, -3 * 3600));
    assert_eq!((declared.pace.silences, declared.pace.canary), (5, false));
    for (wrong, key) in [
        ("[agent]\nutc_offset = \"JST\"".to_owned(), "agent.utc_offset"),
        ("[pace]\nsilences = 0".to_owned(), "pace.silences"),
        ("[pace]\nlink_wait_seconds = 0".to_owned(), "pace.link_wait_seconds"),
        (format!("{network}windows = [\"night\"]"), "windows"),
    ] {
        let complaint = parse(&wrong).unwrap_err();
        assert!(complaint.en.contains(key), "{}", complaint.en);
    }
}

#[test]
fn medical_gear_is_asked_only_where_that_is_written() {
    let text = r#"
        [sighting_ouis]
        add = ["00:1A:2B"]
        remove = ["00-06-6b"]
        [[network]]
        cidr = "10.30.0.0/24"
        medical = "ask"
        [[network]]
        cidr = "10.31.0.0/24"
    "#;
    let declared = parse(text).unwrap();
    let medical: Vec<_> = declared.networks.iter().map(|it| it.network.medical).collect();
    assert_eq!(medical, [Medical::Ask, Medical::Sighting]);
    assert!(declared.sighting.add.contains(&[0, 0x1a, 0x2b]));
    assert!(declared.sighting.remove.contains(&[0, 6, 0x6b]));
    let wrong = parse("[sighting_ouis]\nadd = [\"00:1a\"]").unwrap_err();
    assert!(wrong.en.contains("sighting_ouis.add"), "{}", wrong.en);
}

#[test]
fn every_commented_key_of_the_sample_reads_as_its_default() {
    // A key is commented out as `#key = …` or `#[[network]]`; sentences start with `# `.
    let whole: String = SAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => key,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let declared = parse(&whole).unwrap();
    assert_eq!(declared.agent.as_deref(), Some("agent-1"));
    assert_eq!(declared.state.as_deref(), Some(Path::new("/var/lib/daicho")));
    assert_eq!(declared.stop_file.as_deref(), Some(Path::new("/var/lib/daicho/stop")));
    let [Declaration { network, own_rate: true, .. }] = declared.networks.as_slice() else {
        panic!("{declared:?}")
    };
    let mut same = declared.choose(&["10.20.0.0/24".to_owned()], false).unwrap();
    let undeclared = Declared::default().choose(&["10.20.0.0/24".to_owned()], false).unwrap();
    assert_eq!(same.remove(0).network, *network);
    let default = Network { name: "3F-nurse".to_owned(), ..undeclared[0].network.clone() };
    assert_eq!(*network, default);
}

#[test]
fn the_sample_names_every_key_that_can_be_written() {
    for key in [
        "name",
        "state",
        "link",
        "packets_per_second",
        "target_packets_per_second",
        "timeout_ms",
        "tries",
        "budget",
        "link_wait_seconds",
        "nets",
        "macs",
        "ouis",
        "interfaces",
        "cidr",
        "policy",
        "tcp_ports",
        "questions",
        "ports",
        "presence",
        "name_server",
        "host",
        "called",
        "calling",
        "may_declare",
        "credentials",
        "communities",
        "v1_communities",
        "communities_file",
        "v1_communities_file",
        "auth_password_file",
        "privacy_password_file",
        "snmp_tables",
        "port",
    ] {
        let named = SAMPLE.lines().any(|line| {
            line.trim_start_matches(['#', ' '])
                .split_once(" = ")
                .is_some_and(|(found, _)| found == key)
        });
        assert!(named, "{key}");
    }
}

#[test]
fn a_misspelt_key_is_refused_with_its_line() {
    let complaint = parse("[pace]\npackets_per_secnd = 5\n").unwrap_err();
    assert_eq!(complaint.exit, Exit::Config);
    assert!(complaint.ja.contains("agent.toml の 2 行目"), "{complaint}");
    assert!(complaint.en.contains("packets_per_secnd"), "{complaint}");
}

#[test]
fn what_is_out_of_range_is_refused_by_key_and_range() {
    for (text, key, range) in [
        ("[pace]\ntries = 0", "pace.tries", "from 1 to 10"),
        ("[pace]\ntimeout_ms = 49", "pace.timeout_ms", "from 50 to 60000"),
        ("[pace]\npackets_per_second = -1", "pace.packets_per_second", "from 1 to 1000000"),
        ("[pace]\ntarget_packets_per_second = 1001", "target_packets_per_second", "from 1 to 1000"),
        ("[pace]\nbudget = -1", "pace.budget", "or more"),
        ("[agent]\nname = \" x\"", "agent.name", "1 to 64 characters"),
        ("[deny]\nmacs = [\"x\"]", "deny.macs", "00:1a:2b:3c:4d:5e"),
        ("[deny]\nouis = [\"00:1a\"]", "deny.ouis", "00:1a:2b"),
        ("[deny]\nnets = [\"10.0.0\"]", "deny.nets", "10.20.0.0/24"),
        ("[[network]]\ncidr = \"10.0.0.0/24\"\nsnmp.port = 0", "snmp.port", "from 1 to 65535"),
        ("[[network]]\ncidr = \"10.0.0.0/8\"", "cidr", "/12"),
        ("[[network]]\ncidr = \"10.0.0.9/24\"", "cidr", "10.0.0.9/32"),
        ("[[network]]\ncidr = \"fe80::/64\"", "cidr", "IPv4"),
        ("[[network]]\ncidr = \"224.0.0.0/24\"", "cidr", "no host"),
    ] {
        let complaint = parse(text).unwrap_err();
        assert_eq!(complaint.exit, Exit::Config);
        for words in ["agent.toml", key, range] {
            assert!(complaint.en.contains(words), "{words}: {complaint}");
        }
    }
}

#[test]
fn a_port_that_printers_print_from_can_not_be_configured() {
    for port in [515, 2575, 9100, 9107] {
        let text = format!("[[network]]\ncidr = \"10.0.0.0/24\"\ntcp_ports = [22, {port}]");
        let complaint = parse(&text).unwrap_err();
        assert_eq!(complaint.exit, Exit::Config);
        assert!(complaint.en.contains(&format!("is {port};")), "{complaint}");
    }
}

#[test]
fn a_community_never_shows_in_a_complaint_or_a_debug_line() {
    let secrets: Vec<_> = (0..9).map(|n| format!("\"s3cret{n}\"")).collect();
    let list = secrets.join(",");
    let text = format!("[[network]]\ncidr = \"10.0.0.0/24\"\nsnmp.communities = [{list}]");
    assert!(!parse(&text).unwrap_err().to_string().contains("s3cret"));
    let text = "[[network]]\ncidr = \"10.0.0.0/24\"\nsnmp.communities = [\"s3cret\"]";
    assert!(!format!("{:?}", parse(text).unwrap()).contains("s3cret"));
}

#[test]
fn declared_networks_neither_overlap_nor_share_a_name() {
    let two = |a: &str, b: &str| format!("[[network]]\n{a}\n[[network]]\n{b}");
    let overlap = two("cidr = \"10.0.0.0/16\"", "cidr = \"10.0.9.0/24\"");
    assert!(parse(&overlap).unwrap_err().en.contains("10.0.0.0/16 + 10.0.9.0/24"));
    let name = two("cidr = \"10.0.0.0/24\"\nname = \"x\"", "cidr = \"10.1.0.0/24\"\nname = \"x\"");
    assert!(parse(&name).unwrap_err().en.contains("name"));
}

#[test]
fn a_part_of_a_declared_network_keeps_its_policy_and_its_name() {
    let chosen = ward().choose(&["10.30.7.0/24".to_owned()], false).unwrap();
    let [Declaration { network, own_rate: true, .. }] = chosen.as_slice() else {
        panic!("{chosen:?}")
    };
    assert_eq!((network.name.as_str(), network.policy), ("ward", Policy::Sighting));
    assert_eq!(network.cidr.to_string(), "10.30.7.0/24");
    assert_eq!(network.packets_per_second, 20);
}

#[test]
fn what_was_not_named_is_not_scanned() {
    let complaint = names(&ward(), &[]).unwrap_err();
    assert_eq!(complaint.exit, Exit::Network);
    assert!(complaint.en.contains("ward"), "{complaint}");
    assert_eq!(names(&ward(), &["ward"]).unwrap(), ["10.30.0.0/16"]);
    assert_eq!(ward().choose(&[], true).unwrap().len(), 2);
    assert!(Declared::default().choose(&[], true).is_err());
}

#[test]
fn what_may_not_be_scanned_is_refused() {
    for (words, why) in [
        (&["office"][..], "not declared"),
        (&["9.9.9.0/24"], "not private"),
        (&["172.16.0.0/11"], "172.0.0.0/11"),
        (&["10.0.0.0/8"], "too large"),
        (&["10.16.0.0/12"], "contains the declared"),
        (&["192.168.0.0/24", "192.168.0.128/25"], "overlap"),
        (&["ward", "10.30.0.0/24"], "overlap"),
        (&["10.20.0.300/24"], "write it like"),
        (&["fd00::/31"], "too large"),
        (&["fe80::/64"], "ipv6 = true"),
        (&["ff02::/64"], "no subnet"),
        (&["fd00::1/64"], "fd00::1/128"),
        (&["2400:4000::/64"], "not private"),
    ] {
        let complaint = names(&ward(), words).unwrap_err();
        assert_eq!(complaint.exit, Exit::Network);
        assert!(complaint.en.contains(why), "{words:?}: {complaint}");
    }
    assert_eq!(names(&ward(), &["8.8.8.0/25"]).unwrap(), ["8.8.8.0/25"]);
    assert_eq!(names(&ward(), &["fd00::/64", "2001:db8::7"]).unwrap().len(), 2);
    assert_eq!(names(&ward(), &["127.0.0.5", "192.0.2.0/24"]).unwrap().len(), 2);
}

#[test]
fn ipv6_is_asked_where_it_was_declared_and_nowhere_else() {
    let declared = parse(
        r#"
        [[network]]
        cidr = "10.30.0.0/16"
        ipv6 = true
        [[network]]
        cidr = "10.31.0.0/16"
        [[network]]
        cidr = "2400:4000:20::/48"
        "#,
    );
    let networks = declared.unwrap().networks;
    let asked: Vec<_> = networks.iter().map(|declared| declared.network.ipv6).collect();
    assert_eq!(asked, [true, false, true]);
    let whole = parse("[[network]]\ncidr = \"2000::/3\"").unwrap_err();
    assert!(whole.en.contains("/32 or smaller"), "{whole}");
}

/// A network of this CIDR with these lines.
fn with(cidr: &str, lines: &str) -> Result<Declared, Complaint> {
    parse(&format!("[[network]]\ncidr = \"{cidr}\"\n{lines}\n"))
}

#[test]
fn the_example_of_a_vlan_in_the_sample_reads() {
    // The example stands indented, so that it is no default.
    let of_vlan =
        |line: &&str| ["interface", "vlan", "address"].iter().any(|key| line.starts_with(key));
    let lines = SAMPLE.lines().filter_map(|line| line.strip_prefix("#   ")).filter(of_vlan);
    let example: String = lines.flat_map(|line| [line, "\n"]).collect();
    let declared = with("10.20.0.0/24", &example).unwrap();
    let address = Some([10, 20, 0, 5].into());
    let vlan = crate::plan::Vlan { interface: "eth0".to_owned(), id: 20, address };
    assert_eq!(declared.networks[0].network.vlan, Some(vlan));
}

#[test]
fn a_vlan_is_written_whole_and_in_range_or_refused_by_its_key() {
    const PORT: &str = "interface = \"eth0\"\n";
    let good = with("10.20.0.0/24", &format!("{PORT}vlan = 4094")).unwrap();
    let vlan = good.networks[0].network.vlan.as_ref().unwrap();
    assert_eq!((vlan.id, vlan.address), (4094, None));
    for (lines, key, advice) in [
        ("vlan = 20".to_owned(), "interface in", "write interface and vlan together"),
        (PORT.to_owned(), "vlan in", "write interface and vlan together"),
        ("address = \"10.20.0.5\"".to_owned(), "interface, vlan in", "address with both only"),
        (format!("{PORT}address = \"10.20.0.5\""), "vlan in", "address with both only"),
        (format!("{PORT}vlan = 0"), "agent.toml is 0;", "from 1 to 4094"),
        (format!("{PORT}vlan = 4095"), "agent.toml is 4095;", "from 1 to 4094"),
        (format!("{PORT}vlan = -1"), "agent.toml is -1;", "from 1 to 4094"),
        ("interface = \"\"\nvlan = 20".to_owned(), "interface in", "like \"eth0\""),
        ("interface = \"eth 0\"\nvlan = 20".to_owned(), "interface in", "like \"eth0\""),
        ("interface = \"sixteen-letters-\"\nvlan = 20".to_owned(), "interface in", "trunk port"),
    ] {
        let complaint = with("10.20.0.0/24", &lines).unwrap_err();
        assert_eq!(complaint.exit, Exit::Config);
        assert!(complaint.en.contains(key) && complaint.en.contains(advice), "{}", complaint.en);
        assert!(complaint.ja.contains("agent.toml"), "{}", complaint.ja);
    }
}

#[test]
fn the_sender_in_a_vlan_is_an_address_that_a_host_of_the_network_may_have() {
    let of = |cidr: &str, address: &str| {
        with(cidr, &format!("interface = \"eth0\"\nvlan = 20\naddress = \"{address}\""))
    };
    assert!(of("10.20.0.0/31", "10.20.0.0").is_ok() && of("10.20.0.7", "10.20.0.7").is_ok());
    for (cidr, address) in [
        ("10.20.0.0/24", "10.20.0.0"),
        ("10.20.0.0/24", "10.20.0.255"),
        ("10.20.0.0/24", "10.20.1.5"),
        ("10.20.0.0/24", "2001:db8::5"),
        ("10.20.0.0/24", "host"),
        ("2001:db8::/64", "10.20.0.5"),
    ] {
        let complaint = of(cidr, address).unwrap_err();
        assert!(complaint.en.contains("address") && complaint.en.contains(cidr), "{complaint}");
    }
}

#[test]
fn the_same_addresses_in_two_vlans_are_refused_with_a_way_out() {
    let one = |vlan: u8| {
        format!(
            "[[network]]\ncidr = \"10.20.0.0/24\"\nname = \"v{vlan}\"\ninterface = \"eth0\"\nvlan = {vlan}\n"
        )
    };
    let complaint = parse(&(one(20) + &one(30))).unwrap_err();
    assert!(complaint.en.contains("10.20.0.0/24 + 10.20.0.0/24"), "{}", complaint.en);
    assert!(complaint.en.contains("run an agent of another name for each"), "{}", complaint.en);
    assert!(complaint.ja.contains("別の名前のエージェント"), "{}", complaint.ja);
}

#[test]
fn the_portable_library_is_refused_where_a_network_is_tagged() {
    let tagged = "[[network]]\ncidr = \"10.20.0.0/24\"\ninterface = \"eth0\"\nvlan = 20\n";
    let complaint = parse(&format!("[agent]\nlink = \"pnet\"\n{tagged}")).unwrap_err();
    assert!(complaint.en.contains("agent.link") && complaint.en.contains("native"), "{complaint}");
    assert!(parse(&format!("[agent]\nlink = \"native\"\n{tagged}")).is_ok());
}

#[test]
fn a_part_without_the_sender_is_asked_from_nobodys_address() {
    let lines = "interface = \"eth0\"\nvlan = 20\naddress = \"10.20.0.5\"";
    let declared = with("10.20.0.0/24", lines).unwrap();
    let address = |cidr: &str| {
        let chosen = declared.choose(&[cidr.to_owned()], false).unwrap();
        let vlan = chosen[0].network.vlan.clone().unwrap();
        assert_eq!((vlan.interface.as_str(), vlan.id), ("eth0", 20));
        vlan.address
    };
    assert_eq!(address("10.20.0.0/25"), Some([10, 20, 0, 5].into()));
    assert_eq!(address("10.20.0.128/25"), None);
}

#[test]
fn questions_follow_the_policy_unless_they_are_written() {
    let asked = |lines: &str| -> Vec<Method> {
        let declared = with("10.20.0.0/24", lines).unwrap();
        declared.networks[0].network.questions.asked.keys().copied().collect()
    };
    assert_eq!(asked("policy = \"sighting\""), []);
    let (gentle, full) = (asked(""), asked("policy = \"full\""));
    assert!(gentle.contains(&Method::Http) && !gentle.contains(&Method::Telnet));
    assert!(full.contains(&Method::Telnet) && !full.contains(&Method::Dicom));
    assert_eq!(asked("questions = []"), []);
    assert_eq!(asked("questions = [\"ssh\", \"telnet\"]"), [Method::Ssh, Method::Telnet]);
    let ports = with("10.20.0.0/24", "ports = { http = [8008] }").unwrap();
    assert_eq!(ports.networks[0].network.questions.ports(Method::Http), [8008]);
}

#[test]
fn hosts_are_named_for_dicom_one_by_one() {
    let lines = "[[network.dicom]]\nhost = \"10.20.0.7\"\ncalled = \"PACS\"\n";
    let declared = with("10.20.0.0/24", lines).unwrap();
    let [one] = declared.networks[0].network.questions.dicom.as_slice() else { panic!() };
    assert_eq!((one.port, one.called.as_str(), one.calling.as_str()), (104, "PACS", "DAICHO"));
    assert_eq!(one.host, std::net::Ipv4Addr::new(10, 20, 0, 7));
}

#[test]
fn a_question_that_cannot_be_asked_is_refused_by_its_key() {
    let dicom = |host: &str, more: &str| {
        format!("[[network.dicom]]\nhost = \"{host}\"\ncalled = \"PACS\"\n{more}")
    };
    for (lines, key, advice) in [
        ("questions = [\"gopher\"]".to_owned(), "questions", "node_status"),
        ("questions = [\"dicom\"]".to_owned(), "questions", "write one of"),
        ("policy = \"sighting\"\nquestions = [\"http\"]".to_owned(), "questions", "remove"),
        ("ports = { http = [9100] }".to_owned(), "ports.http", "printers print"),
        ("ports = { gopher = [70] }".to_owned(), "ports.gopher", "write one of"),
        (format!("ports = {{ http = {:?} }}", vec![80; 17]), "ports.http", "at most 16"),
        ("name_server = \"dns.example\"".to_owned(), "name_server", "IPv4 address"),
        (dicom("10.30.0.7", ""), "dicom.host", "in this network"),
        (dicom("10.20.0.7", "port = 2575"), "dicom.port", "HL7"),
        (dicom("10.20.0.7", "calling = \"\""), "dicom.calling", "at most 16"),
    ] {
        let complaint = with("10.20.0.0/24", &lines).unwrap_err();
        assert_eq!(complaint.exit, Exit::Config);
        assert!(complaint.en.contains(key) && complaint.en.contains(advice), "{}", complaint.en);
        assert!(complaint.ja.contains("agent.toml"), "{}", complaint.ja);
    }
}
