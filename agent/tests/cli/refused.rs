//! What is refused before anything is sent, and in which words.

use super::*;

#[test]
fn a_configuration_that_is_not_there_is_refused() {
    let agent = Agent::new();
    let file = agent.path("none.toml");
    agent.refuses(
        &["scan", "--config", &file, "--network", "127.0.0.2"],
        3,
        &[&file, "cannot be read"],
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let agent = Agent::new();
    let file = agent.config("[pace]\npacket_per_second = 10\n");
    let words = [file.as_str(), "line 2", "packet_per_second", "config --print"];
    agent.refuses(&["scan", "--config", &file, "--network", "127.0.0.2"], 3, &words);
}

#[test]
fn a_forbidden_port_in_the_configuration_is_refused() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\ncidr = \"127.0.0.0/30\"\ntcp_ports = [80, 9100]\n");
    let words = [file.as_str(), "tcp_ports in the", "is 9100", "printers print", "remove"];
    agent.refuses(&["scan", "--config", &file, "--all-declared"], 3, &words);
}

#[test]
fn a_scan_without_a_named_network_is_refused() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\ncidr = \"127.0.0.0/30\"\nname = \"lab\"\n");
    agent.refuses(&["scan", "--config", &file], 5, &["--network", "lab"]);
    agent.refuses(&["scan"], 5, &["--network"]);
    agent.refuses(&["scan", "--all-declared"], 5, &["[[network]]", "--config"]);
}

#[test]
fn an_unknown_network_is_refused() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\ncidr = \"127.0.0.0/30\"\nname = \"lab\"\n");
    let words = ["\"office\"", "not declared", "lab", &file];
    agent.refuses(&["scan", "--config", &file, "--network", "office"], 5, &words);
}

#[test]
fn a_public_a_huge_and_a_doubled_network_are_refused() {
    let agent = Agent::new();
    agent.refuses(&["scan", "--network", "8.8.8.0/24"], 5, &["8.8.8.0/24", "not private"]);
    agent.refuses(&["scan", "--network", "10.0.0.0/8"], 5, &["10.0.0.0/8", "too large"]);
    let doubled = ["scan", "--network", "127.0.0.0/28", "127.0.0.4/32"];
    agent.refuses(&doubled, 5, &["127.0.0.4/32", "overlap"]);
}

#[test]
fn an_output_file_that_cannot_be_made_is_refused_before_the_scan() {
    let agent = Agent::new();
    let file = agent.path("missing/scan.daicho");
    agent.refuses(&["scan", "--network", "127.0.0.2", "-o", &file], 1, &[&file, "directory"]);
    assert!(agent.files().is_empty());
}

#[test]
fn wrong_arguments_are_refused_by_number_two() {
    let agent = Agent::new();
    for arguments in [
        &["scan", "--network", "127.0.0.2", "--rate", "0"][..],
        &["scan", "--network", "127.0.0.2", "--per-target", "1001"],
        &["scan", "--network", "127.0.0.2", "--timeout", "49"],
        &["scan", "--network", "127.0.0.2", "--fast"],
        &["config"],
        &[],
    ] {
        assert_eq!(agent.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_url_that_is_no_collector_is_refused_before_the_scan() {
    let agent = Agent::new();
    let to = |url: &'static str| ["scan", "--network", "127.0.0.2", "--to", url];
    agent.refuses(&to("https://daicho.example"), 9, &["not enrolled", "agent invite"]);
    agent.refuses(&to("daicho.example:8080"), 2, &["http://host:port"]);
    agent.refuses(&to("http://"), 2, &["http://host:port"]);
}

#[test]
fn the_printed_sample_is_a_configuration() {
    let agent = Agent::new();
    let printed = agent.run(&["config", "--print"]);
    let file = agent.config(&text(&printed.stdout));
    let arguments = ["scan", "-q", "--config", &file, "--network", "127.0.0.2", "--timeout", "50"];
    assert_eq!(agent.run(&arguments).status.code(), Some(0));
}

#[test]
fn help_lists_every_exit_code() {
    let help = text(&Agent::new().run(&["--help"]).stdout);
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "130 "] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(code)), "{code}\n{help}");
    }
}
