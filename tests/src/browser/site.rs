//! A collector in this process that shows the simulated hospital: scanned in memory, its ledger imported,
//! with people of every role.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use daicho_collector::config::Config;
use daicho_collector::credential::Hasher;
use daicho_collector::people::{Role, rules::Rules};
use daicho_collector::register::Register;
use daicho_collector::store::{By, NewAccount, NewBook, Store};
use daicho_collector::web::{self, Site as Shown};
use daicho_collector::{book as books, clock, ingest};
use daicho_common::addr::Mac;
use daicho_common::batch::{Batch, Header};
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use tempfile::TempDir;

use crate::sim::memory::{Weather, plan, scan};
use crate::sim::{Ground, Hospital, book};

/// The password of everybody.
pub const PASSWORD: &str = "架空病院の合言葉 2026";
/// The seed of the hospital: that of the demo.
const SEED: u64 = 2026;
const AGENT: &str = "本館";
const BOOK: &str = "台帳.xlsx";
const HOUR: i64 = 3_600_000_000;

/// What devices may call themselves.
pub const HOSTILE: [&str; 3] = [
    "<script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\">",
    "受付\u{202e}fdp.exe\u{2066}</title></svg><svg onload=alert(1)>",
    "javascript:alert(1)//'\"`]]>",
];

/// A collector that runs until this is dropped.
#[derive(Debug)]
pub struct Site {
    /// Where its pages are.
    pub address: SocketAddr,
    /// What it shows.
    pub hospital: Hospital,
    /// The code with which the first account is made, where there is none.
    pub code: Option<String>,
    serving: Option<tokio::runtime::Runtime>,
    _folder: TempDir,
}

impl Site {
    /// One that shows the hospital, with an account for each of these names and roles.
    ///
    /// # Errors
    /// If the hospital cannot be scanned, kept or served.
    pub fn open(people: &[(&str, &str, Role)], hostile: bool) -> Result<Self> {
        let hospital = Hospital::furnish(SEED, Ground::Wire);
        let folder = tempfile::Builder::new().prefix("daicho-site-").tempdir()?;
        let store = Store::open(folder.path().join("daicho.db"))?;
        fill(&store, &hospital, hostile)?;
        register(&store, &hospital)?;
        accounts(&store, people)?;
        Self::serve(store, hospital, folder)
    }

    /// One in which there is nothing yet.
    ///
    /// # Errors
    /// If it cannot be served.
    pub fn empty() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("daicho-site-").tempdir()?;
        let store = Store::open(folder.path().join("daicho.db"))?;
        Self::serve(store, Hospital::furnish(SEED, Ground::Wire), folder)
    }

    fn serve(store: Store, hospital: Hospital, folder: TempDir) -> Result<Self> {
        let config = Config::parse("", "site").map_err(|bad| anyhow!("{bad}"))?;
        let shown = Arc::new(Shown::new(store, config).map_err(|bad| anyhow!("{bad}"))?);
        let code = shown.setup_code().map_err(|bad| anyhow!("{bad}"))?;
        let serving =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        // Whoever opens a site may be in a runtime of its own, where nothing may block on another.
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let listener = {
            let _within = serving.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let address = listener.local_addr()?;
        serving.spawn(web::serve(shown, listener, std::future::pending()));
        Ok(Self { address, hospital, code, serving: Some(serving), _folder: folder })
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.shutdown_background();
        }
    }
}

fn fill(store: &Store, hospital: &Hospital, hostile: bool) -> Result<()> {
    let mut plan = plan(hospital);
    plan.agent = AGENT.into();
    let weather = Weather { seed: 5, lost: 0, delay: Duration::from_millis(30) };
    let scanned = scan(hospital, plan, weather)?;
    let mut observations = scanned.observations;
    let last = observations.iter().map(|one| one.at).max().context("nothing was seen")?;
    let first = observations.iter().map(|one| one.at).min().unwrap_or(last);
    if hostile {
        let seen = observations.iter().find(|one| one.method == Method::Arp);
        let vantage = Arc::clone(&seen.context("nothing answered")?.vantage);
        for (number, name) in (0_u8..).zip(HOSTILE) {
            observations.extend(intruder(&vantage, (number, name), last));
        }
        observations.extend(intruder(&vantage, (99, &"長".repeat(10_000)), last));
    }
    let header = Header {
        agent: AGENT.into(),
        scan: "demo".into(),
        sequence: 1,
        last: true,
        from: first,
        to: last,
        software: concat!("daicho-agent ", env!("CARGO_PKG_VERSION")).into(),
    };
    let account = scanned.account;
    let batch = Batch { header, coverage: account.coverage, sent: account.sent, observations };
    let sealed = batch.seal(&key()?).map_err(|bad| anyhow!("{bad}"))?;
    let opened = ingest::open(&sealed).map_err(|bad| anyhow!("{bad:?}"))?;
    store.append(vec![opened], last)?;
    let (octets, _) = book::workbook(hospital, BOOK)?;
    let ledger = books::read(BOOK, &octets).map_err(|bad| anyhow!("{bad}"))?;
    let at = Timestamp::from_micros(first.micros() - HOUR);
    store.import(NewBook { name: BOOK.into(), octets, ledger, at, by: "佐藤".into() })?;
    Ok(())
}

fn key() -> Result<Ed25519KeyPair> {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    let made = made.map_err(|_| anyhow!("no random numbers"))?;
    Ed25519KeyPair::from_pkcs8(made.as_ref()).map_err(|bad| anyhow!("{bad}"))
}

/// A device that calls itself something in every way that it can.
fn intruder(vantage: &Arc<Vantage>, (number, name): (u8, &str), at: Timestamp) -> [Observation; 2] {
    let mac = Mac::new([0x00, 0x1a, 0x2b, 0xee, 0xee, number]);
    let ip = Ipv4Addr::new(10, 20, 99, number.saturating_add(1));
    let speaker = Speaker { ip: Some(ip.into()), mac: Some(mac) };
    let said =
        |method, fact| Observation { at, vantage: Arc::clone(vantage), method, speaker, fact };
    let system = Fact::System {
        description: name.into(),
        object_id: "1.3.6.1.4.1.8072.3.2.10".into(),
        name: name.into(),
        location: name.into(),
        contact: name.into(),
    };
    [said(Method::Arp, Fact::Arp { ip, mac }), said(Method::Snmp, system)]
}

/// A contract of one vendor, `maker`, for the first device of the book, with remote maintenance; and a round
/// of stock-taking.
fn register(store: &Store, hospital: &Hospital) -> Result<()> {
    let mut numbers =
        hospital.rows.iter().filter(|row| row.device.is_some()).map(|row| &row.number);
    let number = numbers.next().context("an empty book")?;
    let text = format!(
        "[[party]]\nid = \"maker\"\nname = \"架空メディカル株式会社\"\nroles = [\"direct_contractor\"]\n\
         [[contract]]\nid = \"c-1\"\nname = \"保守契約\"\nparty = \"maker\"\nfrom = \"2020\"\n\
         asset_numbers = [\"{number}\"]\n\
         [[remote]]\nid = \"r-1\"\nasset_number = \"{number}\"\ndone = true\nway = \"vpn_device\"\n\
         through = \"VPNルーター\"\nparty = \"maker\"\n\
         [[stocktaking]]\nid = \"2026-1\"\nscope = \"全館\"\ndue = \"2027-03-31\"\n"
    );
    let register = Register::parse(&text).map_err(|bad| anyhow!("{bad}"))?;
    let by = By::here("佐藤".into(), clock::now());
    store.keep_register(register, by, "契約書のとおり".into())?;
    Ok(())
}

fn accounts(store: &Store, people: &[(&str, &str, Role)]) -> Result<()> {
    let rules = Rules::released().map_err(|bad| anyhow!(bad))?;
    let hasher = Hasher::new(&rules.password).map_err(|_| anyhow!("no memory to hash in"))?;
    let password = hasher.hash(PASSWORD).map_err(|_| anyhow!("no memory to hash in"))?;
    for (name, called, role) in people {
        let new = NewAccount {
            name: (*name).to_owned(),
            called: (*called).to_owned(),
            role: *role,
            party: (*role == Role::Vendor).then(|| "maker".to_owned()),
            password: Some(password.clone()),
        };
        store.add_account(new, false, By::here("site".into(), clock::now()))?;
    }
    Ok(())
}
