//! What the doctor says.

use super::*;

#[test]
fn the_doctor_tells_what_to_mend_and_makes_nothing() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\nname = \"自分\"\ncidr = \"127.0.0.0/24\"\n");
    let well = agent.run(&["doctor", "--config", &file]);
    let told = text(&well.stdout);
    assert_eq!(well.status.code(), Some(0), "{told}{}", text(&well.stderr));
    assert!(told.contains("[良好] 自分（127.0.0.0/24）"), "{told}");
    assert!(told.contains("[doubtful] this agent is not enrolled"), "{told}");
    assert!(!fs::exists(agent.path("state")).unwrap());

    let file = agent.config(
        "[[network]]\nname = \"病棟\"\ncidr = \"10.20.0.0/24\"\ninterface = \"nonesuch0\"\nvlan = 20\n",
    );
    let ill = agent.run(&["doctor", "--config", &file]);
    assert_eq!(ill.status.code(), Some(1));
    assert!(text(&ill.stdout).contains("[bad] 病棟 (10.20.0.0/24)"), "{}", text(&ill.stdout));
    assert!(text(&ill.stderr).contains("1 things are wrong"), "{}", text(&ill.stderr));
}

#[test]
fn the_doctor_tells_of_results_that_wait_secrets_that_lie_open_and_a_damaged_enrolment() {
    use std::os::unix::fs::PermissionsExt;

    let agent = Agent::new();
    let url = nobody();
    agent.run(&["scan", "--quiet", "--network", "127.0.0.2", "--timeout", "50", "--to", &url]);
    let file = agent.config(
        "[[network]]\nname = \"自分\"\ncidr = \"127.0.0.0/24\"\n[network.snmp]\ncommunities = [\"geheim\"]\n",
    );
    let told = |mode: u32| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        agent.run(&["doctor", "--config", &file])
    };
    let open = told(0o644);
    assert_eq!(open.status.code(), Some(0), "{}", text(&open.stderr));
    let said = text(&open.stdout);
    assert!(
        said.contains("[doubtful] 1 batches in") && said.contains("daicho-agent send"),
        "{said}"
    );
    assert!(said.contains("chmod o-r") && !said.contains("geheim"), "{said}");
    let said = text(&told(0o600).stdout);
    assert!(said.contains("[good] files with secrets of SNMP"), "{said}");

    fs::write(agent.path("state/enrolment.json"), "{").unwrap();
    let ill = told(0o600);
    assert_eq!(ill.status.code(), Some(1));
    assert!(text(&ill.stdout).contains("[bad] the enrolment"), "{}", text(&ill.stdout));
}

#[test]
fn the_log_is_written_as_configured_unless_the_environment_says_otherwise() {
    let agent = Agent::new();
    let file = agent.config("[agent]\nlog_format = \"json\"\n");
    let said = |format: &str| {
        let mut command = agent.command(&["key", "--config", &file]);
        let output = command.env("DAICHO_LOG", "info").env("DAICHO_LOG_FORMAT", format).output();
        text(&output.unwrap().stderr)
    };
    let line: serde_json::Value = serde_json::from_str(said("").lines().next().unwrap()).unwrap();
    assert_eq!(line["message"], "daicho-agent begins");
    assert_eq!(line["level"], "INFO");
    assert!(serde_json::from_str::<serde_json::Value>(&said("text")).is_err());
    let wrong = agent.config("[agent]\nlog_format = \"xml\"\n");
    agent.refuses(&["key", "--config", &wrong], 3, &["xml"]);
}
