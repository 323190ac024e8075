//! `daicho-agent doctor`: what is wrong with this agent, and how to mend it. It sends nothing to any
//! network that is scanned, and changes nothing.

use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};

use super::print;
use crate::config::{Declaration, Declared, secret_file};
use crate::export::Collector;
use crate::identity::Identity;
use crate::net::{clock, interfaces, privilege};
use crate::plan::Means;

/// A clock that is further from the collector's than this writes times that mislead: 5 minutes, in
/// microseconds.
const OFF: i64 = 5 * 60 * 1_000_000;

/// How a thing stands, as it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    Doubtful,
    Bad,
}

/// One thing that was looked at: how it stands, and a sentence in each language.
struct Checked(State, String, String);

/// Looks at everything and prints it.
pub(super) fn doctor(
    declared: &Declared,
    state: impl FnOnce() -> Result<PathBuf, Complaint>,
) -> Result<(), Complaint> {
    let mut all = networks(declared);
    all.extend(secrets(declared));
    all.push(frames());
    match state() {
        Ok(state) => {
            all.push(kept(declared, &state));
            all.push(collector(&state));
        }
        Err(complaint) => all.push(complained(complaint)),
    }
    print(&all.iter().map(lines).collect::<String>())?;
    let bad = all.iter().filter(|one| one.0 == State::Bad).count();
    if bad == 0 {
        return Ok(());
    }
    Err(Complaint::new(
        Exit::Other,
        format!(
            "{bad} 件の異常があります。上の説明に従って直し、もう一度 doctor を実行してください"
        ),
        format!("{bad} things are wrong: mend them as told above and run doctor again"),
    ))
}

fn lines(Checked(state, ja, en): &Checked) -> String {
    let (in_ja, in_en) = match state {
        State::Good => ("良好", "good"),
        State::Doubtful => ("注意", "doubtful"),
        State::Bad => ("異常", "bad"),
    };
    format!("[{in_ja}] {ja}\n[{in_en}] {en}\n")
}

fn complained(complaint: Complaint) -> Checked {
    Checked(State::Bad, complaint.ja, complaint.en)
}

/// The networks that are declared, and how they are reached from here.
fn networks(declared: &Declared) -> Vec<Checked> {
    if declared.networks.is_empty() {
        return vec![Checked(
            State::Doubtful,
            "宣言されたネットワークがありません。`daicho-agent config --print` の見本のように [[network]] を書き、--config で指定してください".to_owned(),
            "no network is declared: write [[network]] as in `daicho-agent config --print` and name the file with --config".to_owned(),
        )];
    }
    let means = Means { links: interfaces::up(), ..Means::default() };
    declared.networks.iter().map(|declaration| network(declaration, &means)).collect()
}

fn network(Declaration { network, .. }: &Declaration, means: &Means) -> Checked {
    let (name, cidr) = (&network.name, network.cidr);
    if let Some(vlan) = &network.vlan {
        let interface = &vlan.interface;
        return if means.links.iter().any(|link| link.interface == *interface) {
            Checked(
                State::Good,
                format!("{name}（{cidr}）は {interface} のタグ付きフレームで調べます"),
                format!("{name} ({cidr}) is looked at by tagged frames on {interface}"),
            )
        } else {
            Checked(
                State::Bad,
                format!(
                    "{name}（{cidr}）の interface {interface} がないか、止まっています。名前とケーブルを確かめてください"
                ),
                format!(
                    "{name} ({cidr}) names the interface {interface}, which is not there or down: check its name and its cable"
                ),
            )
        };
    }
    match means.link_to(cidr.network()).or_else(|| means.link_to(cidr.broadcast())) {
        Some(link) => Checked(
            State::Good,
            format!("{name}（{cidr}）には {} で直接つながっています", link.interface),
            format!("{name} ({cidr}) is directly connected by {}", link.interface),
        ),
        None => Checked(
            State::Doubtful,
            format!(
                "{name}（{cidr}）はルーターの先にあり、MAC アドレスと「未検出」はわかりません。わかるようにするには、そのネットワークにエージェントを置いてください"
            ),
            format!(
                "{name} ({cidr}) is behind a router, so MAC addresses and absence cannot be seen: put an agent into that network if they are wanted"
            ),
        ),
    }
}

/// Files with secrets of SNMP that everybody on this computer can read.
fn secrets(declared: &Declared) -> Vec<Checked> {
    if declared.secret_files.is_empty() {
        return Vec::new();
    }
    let open: Vec<&PathBuf> =
        declared.secret_files.iter().filter(|file| secret_file::is_open(file)).collect();
    if open.is_empty() {
        return vec![Checked(
            State::Good,
            "SNMP の秘密を書いたファイルは、ほかの利用者には読めません".to_owned(),
            "files with secrets of SNMP cannot be read by everybody".to_owned(),
        )];
    }
    let doubtful = |file: &&PathBuf| {
        let file = file.display();
        Checked(
            State::Doubtful,
            format!(
                "SNMP の秘密を書いた {file} を誰でも読めます。`chmod o-r {file}` で制限するか、秘密を communities_file などの別のファイルに移してください"
            ),
            format!(
                "{file} holds secrets of SNMP and can be read by everybody: restrict it by `chmod o-r {file}`, or move the secrets into a file of their own (communities_file and the like)"
            ),
        )
    };
    open.iter().map(doubtful).collect()
}

fn frames() -> Checked {
    if privilege::may_open_frames() {
        return Checked(
            State::Good,
            "フレームを送受信する権限 (CAP_NET_RAW) があります".to_owned(),
            "frames may be sent and read (CAP_NET_RAW)".to_owned(),
        );
    }
    Checked(
        State::Doubtful,
        "フレームを送受信する権限 (CAP_NET_RAW) がありません。ARP で調べるには root か systemd のサービスとして実行してください".to_owned(),
        "frames may not be sent and read (CAP_NET_RAW): run as root or as the systemd service to ask by ARP".to_owned(),
    )
}

/// What waits to be delivered. A state directory that is not there yet holds nothing.
fn kept(declared: &Declared, state: &Path) -> Checked {
    let shown = state.display();
    if !state.exists() {
        return Checked(
            State::Good,
            format!("状態ディレクトリ {shown} は最初の走査で作られます"),
            format!("the state directory {shown} is made by the first scan"),
        );
    }
    match declared.spool(state).files() {
        Ok(files) if files.is_empty() => Checked(
            State::Good,
            format!("{shown} に未送信の結果はありません"),
            format!("nothing in {shown} waits to be delivered"),
        ),
        Ok(files) => Checked(
            State::Doubtful,
            format!(
                "{shown} に未送信の結果が {} 件あります。`daicho-agent send` で送ってください",
                files.len()
            ),
            format!(
                "{} batches in {shown} wait to be delivered: send them with `daicho-agent send`",
                files.len()
            ),
        ),
        Err(error) => Checked(
            State::Bad,
            format!("{shown} を読めません（{error}）。持ち主と権限を確かめてください"),
            format!("{shown} cannot be read ({error}): check its owner and permissions"),
        ),
    }
}

/// Whether the collector lets this agent in, and whether their clocks agree.
fn collector(state: &Path) -> Checked {
    let identity = match Identity::load(state) {
        Ok(Some(identity)) => identity,
        Ok(None) => {
            return Checked(
                State::Doubtful,
                "収集サーバーに登録されていません。結果はファイルで渡すか、`daicho-agent enrol` で登録してください".to_owned(),
                "this agent is not enrolled: carry results by file, or enrol it with `daicho-agent enrol`".to_owned(),
            );
        }
        Err(complaint) => return complained(complaint),
    };
    let welcome = match Collector::of(&identity).and_then(|collector| collector.hello()) {
        Ok(welcome) => welcome,
        Err(complaint) => return complained(complaint),
    };
    let ahead = clock::Clock::start().now().wall.micros().saturating_sub(welcome.now.micros());
    let (url, minutes) = (identity.url(), ahead / 60_000_000);
    if ahead.abs() > OFF {
        return Checked(
            State::Bad,
            format!("時計が収集サーバー {url} と {minutes} 分ずれています。時刻を合わせてください"),
            format!("the clock is {minutes} minutes ahead of the collector {url}: set it"),
        );
    }
    Checked(
        State::Good,
        format!("収集サーバー {url} に「{}」として届きます", welcome.agent),
        format!("the collector {url} lets it in as {:?}", welcome.agent),
    )
}
