//! Settings on pages: said, shown, changed, taken out; by administrators, and no secret is ever shown.

use super::*;
use crate::people::log::Deed;
use crate::policy::Purpose;
use crate::settings::Kind;
use crate::store::Seen;

impl Running {
    fn edit(&self, form: &str) -> Answer {
        self.submit("/settings/edit", "", form)
    }

    fn settings(&self) -> crate::settings::Settings {
        self.site.store.settings().unwrap().1
    }

    /// The number of the version that a form was made of.
    pub(super) fn seen(&self, path: &str) -> String {
        let page = self.get(path).body;
        let after = page.split("name=\"seen\" value=\"").nth(1).unwrap();
        after.split('"').next().unwrap().to_owned()
    }

    /// Takes what is shown now out, as a person does on the page: the status.
    fn take_out(&self, kind: &str, name: &str) -> u16 {
        let seen = self.seen(&format!("/settings/remove?kind={kind}&name={name}"));
        let form = format!("kind_of={kind}&name={name}&seen={seen}");
        self.submit("/settings/remove", "", &form).status
    }
}

#[test]
fn a_network_is_declared_changed_and_taken_out_and_counts_without_a_restart() {
    let running = running();
    assert_eq!(running.get("/settings/edit?kind=network").status, 200);
    let bad = "kind_of=network&new=yes&name=3F&cidr=10.0.0.0%2F8&gateways=router&windows=night";
    let answer = running.edit(bad);
    assert_eq!(answer.status, 422);
    for field in ["cidr", "gateways", "windows"] {
        assert!(answer.body.contains(&format!("id=\"{field}-wrong\"")), "{field}: {}", answer.body);
    }
    assert!(answer.body.contains(">night</textarea>"), "what was typed is not lost");
    let good = "kind_of=network&new=yes&name=3F&cidr=10.20.0.9%2F24&purpose=medical&wired=yes&policy=full&windows=22%3A00-05%3A00&why=%E7%A7%BB%E8%A8%AD";
    assert_eq!(running.edit(good).status, 303);
    let network = running.settings().networks.remove(0);
    assert_eq!((network.cidr.as_str(), network.purpose), ("10.20.0.0/24", Some(Purpose::Medical)));
    let decreed = || running.site.effective().unwrap().config.decreed.networks.clone();
    assert_eq!((decreed().len(), decreed()[0].wired), (1, true));
    let by = running.site.criteria().rulings.policy.purpose("3F");
    assert_eq!(by, Some(Purpose::Medical), "pictures are derived by it");
    assert_eq!(running.edit(good).status, 422, "the name is taken");

    let path = "/settings/edit?kind=network&name=3F";
    let seen = running.seen(path);
    let change = |seen: &str, rate: &str| {
        let form = format!(
            "kind_of=network&name=3F&cidr=10.20.0.0%2F24&purpose=office&packets_per_second={rate}&seen={seen}"
        );
        running.edit(&form).status
    };
    assert_eq!((change(&seen, "many"), change(&seen, "0")), (422, 422));
    assert_eq!(change(&seen, "20"), 303);
    assert_eq!(change(&seen, "30"), 422, "somebody else was quicker");
    let page = running.get("/settings").body;
    assert!(page.contains("10.20.0.0/24") && page.contains("移設"), "{page}");
    assert!(running.has_deed(Deed::SettingKept, "network 3F"));

    let question = running.get("/settings/remove?kind=network&name=3F");
    assert!(question.status == 200 && question.body.contains("action=\"/settings/remove\""));
    assert_eq!(running.take_out("network", "3F"), 303);
    assert!(running.settings().networks.is_empty() && decreed().is_empty());
    assert!(running.has_deed(Deed::SettingRemoved, "network 3F"));
    for missing in [
        "/settings/edit?kind=network&name=3F",
        "/settings/edit?kind=x",
        "/settings/remove?kind=deny",
    ] {
        assert_eq!(running.get(missing).status, 404, "{missing}");
    }
}

#[test]
fn credentials_are_written_once_kept_encrypted_and_never_shown_again() {
    let running = running();
    let v3 =
        "kind_of=credential&new=yes&name=core&version=v3&user=daicho&auth=sha256&auth_password=";
    let short = running.edit(&format!("{v3}short"));
    assert!(short.status == 422 && short.body.contains("id=\"auth_password-wrong\""));
    assert!(!short.body.contains("short"), "{}", short.body);
    assert_eq!(running.edit(&format!("{v3}geheim-12345")).status, 303);
    // Left empty it stays; the rest changes.
    let path = "/settings/edit?kind=credential&name=core";
    let seen = running.seen(path);
    let again =
        format!("kind_of=credential&name=core&version=v3&user=daicho2&auth=sha256&seen={seen}");
    assert_eq!(running.edit(&again).status, 303);
    let vault = crate::vault::Vault::open(running.site.store.path()).unwrap();
    let kept = || vault.get(&running.site.store, "snmp.core").unwrap();
    let credential = running.settings().credentials.remove(0);
    assert_eq!(credential.read(kept().expose()).auth_password, "geheim-12345");
    for path in ["/settings", path, "/audit"] {
        assert!(!running.get(path).body.contains("geheim"), "{path}");
    }
    let uses = "kind_of=network&new=yes&cidr=10.20.0.0%2F24&credentials=core";
    assert_eq!(running.edit(uses).status, 303);
    assert_eq!(running.take_out("credential", "core"), 422, "it is needed");
    assert_eq!(running.take_out("network", "10.20.0.0%2F24"), 303);
    assert_eq!(running.take_out("credential", "core"), 303);
    assert!(running.site.store.secrets().unwrap().is_empty());
}

#[test]
fn a_receiver_is_made_and_tried_and_its_secrets_stay_in_the_vault() {
    let running =
        running_with("[[notify]]\nname = \"siem\"\nkind = \"syslog\"\nserver = \"127.0.0.1\"\n");
    let sink = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    sink.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let port = sink.local_addr().unwrap().port();
    let log = format!(
        "kind_of=notify&new=yes&name=log&kind=syslog&server=127.0.0.1&port={port}&transport=udp&events=finding&events=backup&quiet=22%3A00-07%3A00&language=en"
    );
    assert_eq!(running.edit(&log).status, 303, "{}", running.edit(&log).body);
    let tried = running.submit("/settings/test", "", "name=log");
    assert!(tried.status == 200 && tried.body.contains("class=\"done\""), "{}", tried.body);
    let mut octets = [0; 4096];
    let length = sink.recv(&mut octets).unwrap();
    assert!(String::from_utf8_lossy(&octets[..length]).contains("trial"));
    assert!(running.has_deed(Deed::NotifyTested, "log"));
    let taken = "kind_of=notify&new=yes&name=siem&kind=syslog&server=x&events=finding";
    let answer = running.edit(taken);
    assert!(answer.status == 422 && answer.body.contains("collector.toml"), "the file wins");

    let hook = "kind_of=notify&new=yes&name=chat&kind=webhook&events=finding&url=";
    let plain = running.edit(&format!("{hook}http%3A%2F%2Fhooks.example%2Fx"));
    assert!(plain.status == 422 && plain.body.contains("id=\"url-wrong\""));
    assert_eq!(
        running.edit(&format!("{hook}https%3A%2F%2Fhooks.example%2FT0%2Fgeheim")).status,
        303
    );
    let (page, form) =
        (running.get("/settings").body, running.get("/settings/edit?kind=notify&name=chat").body);
    assert!(
        page.contains("https://hooks.example/…")
            && !page.contains("geheim")
            && !form.contains("geheim")
    );
    let settings = running.settings();
    assert!(!settings.to_toml().unwrap().contains("geheim"));
    let names: Vec<String> =
        running.site.store.secrets().unwrap().into_iter().map(|secret| secret.name).collect();
    assert_eq!(names, ["notify.url.chat"]);
    assert!(!running.get("/audit").body.contains("geheim"));
}

#[test]
fn numbers_that_the_file_says_are_shown_and_not_typed() {
    let running = running_with("silent_agent_hours = 5\n");
    let form = running.get("/settings/edit?kind=general").body;
    assert!(form.contains("type=\"hidden\" name=\"silent_agent_hours\" value=\"5\""), "{form}");
    let said =
        "kind_of=general&seen=0&retention_days=400&silent_agent_hours=99&backup_days=7&checklist=";
    assert_eq!(running.edit(said).status, 303);
    let config = running.site.effective().unwrap().config.clone();
    assert_eq!((config.retention_days, config.notify.limits.silent_hours), (Some(400), 5));
    assert_eq!(running.settings().general.silent_agent_hours, None);
    let deny = "kind_of=deny&seen=0&nets=10.20.0.7%0D%0A10.30.0.0%2F16&ouis=00%3A1a%3A2b";
    assert_eq!(running.edit(deny).status, 303);
    assert!(running.get("/settings").body.contains("10.20.0.7, 10.30.0.0/16, 00:1a:2b"));
    let wrong = running.edit("kind_of=deny&seen=0&nets=everything");
    assert!(wrong.status == 422 && wrong.body.contains("id=\"nets-wrong\""));
}

#[test]
fn an_auditor_reads_the_settings_and_finds_nothing_to_change_them_with() {
    let running = running();
    let general = crate::settings::General { backup_days: Some(9), ..Default::default() };
    let by = (By::here("t".into(), clock::now()), "なぜ".to_owned());
    running
        .site
        .store
        .keep_settings(vec![crate::settings::Setting::General(general).into()], Seen::Any, by)
        .unwrap();
    let auditor = Visitor::new(&running.site, Role::Auditor, None);
    let page = running.get_as(&auditor, "/settings", "").body;
    assert!(
        page.contains("なぜ")
            && !page.contains("/settings/edit")
            && !page.contains("<form action=\"/settings")
    );
    assert!(running.get("/settings").body.contains("/settings/edit?kind=general"));
    assert_eq!(running.site.store.setting_history(Some((Kind::General, ""))).unwrap().len(), 1);
}

#[test]
fn a_code_is_issued_and_an_agent_cut_off_after_a_question() {
    let running = running();
    let issued = running.submit("/settings/agents", "", "agent=east");
    assert!(issued.status == 200 && issued.body.contains("--code "), "{}", issued.body);
    assert!(!issued.body.contains(" permit "), "nothing was declared for it");
    let question = running.get("/settings/remove?kind=agent&name=east");
    assert!(question.body.contains("name=\"kind_of\" value=\"agent\""));
    assert_eq!(running.submit("/settings/remove", "", "kind_of=agent&name=east").status, 303);
    assert!(running.has_deed(Deed::AgentRevoked, "east"));
}

#[test]
fn sessions_of_an_account_are_ended_by_an_administrator() {
    let running = running();
    let operator = Visitor::new(&running.site, Role::Operator, None);
    assert_eq!(running.get_as(&operator, "/devices", "").status, 200);
    assert_eq!(running.submit("/accounts", "", "kind=end&name=sato1").status, 200);
    assert_eq!(running.get_as(&operator, "/devices", "").status, 303, "it has to log in again");
}

#[test]
fn fields_of_a_form_are_hidden_by_choices_that_it_has_and_the_stylesheet_knows() {
    let running = running();
    let style = include_str!("../../../assets/daicho.css");
    let mut marked = 0;
    for kind in ["notify", "credential"] {
        let page = running.get(&format!("/settings/edit?kind={kind}")).body;
        for part in page.split("data-only=\"").skip(1) {
            for choice in part.split('"').next().unwrap().split(' ') {
                marked += 1;
                let option = format!("<option value=\"{choice}\"");
                assert_eq!(page.matches(&option).count(), 1, "{kind}: {choice}");
                let rule = format!(
                    "form:has(option[value=\"{choice}\"]:checked) .part[data-only]:not([data-only~=\"{choice}\"])"
                );
                assert!(style.contains(&rule), "{rule}");
            }
        }
    }
    assert_eq!(marked, 8);
}
