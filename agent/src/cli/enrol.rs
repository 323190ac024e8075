//! `daicho-agent enrol` and `daicho-agent work`.

use std::path::PathBuf;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::{BadCode, Code};

use super::{Enrol, say};
use crate::config::Declared;
use crate::identity;
use crate::net::privilege;
use crate::worker::{Worker, starter};

/// Enrols with a code.
pub(super) fn enrol(
    arguments: &Enrol,
    state: impl FnOnce() -> Result<PathBuf, Complaint>,
) -> Result<(), Complaint> {
    let code: Code = arguments.code.parse().map_err(bad)?;
    let place = place(&arguments.collector)?;
    let identity = identity::enrol(&place, &code, &state()?)?;
    let (agent, url) = (&identity.agent, identity.url());
    say(&format!(
        "エージェント「{agent}」として {url} に登録しました。`daicho-agent work` を起動すると、収集サーバーからの走査の指示を待ちます\n\
         enrolled as {agent:?} with {url}: `daicho-agent work` waits for the collector's orders\n"
    ));
    Ok(())
}

/// Works for the collector.
pub(super) fn work(
    declared: Declared,
    beside: bool,
    state: impl FnOnce() -> Result<PathBuf, Complaint>,
) -> Result<(), Complaint> {
    let state = state()?;
    if !beside && privilege::may_open_frames() {
        let code = starter::keep(state, declared.file)?;
        return if code == 0 { Ok(()) } else { starter::end(code) };
    }
    let worker = Worker::new(state, declared)?;
    let worker = if beside { worker.beside() } else { worker };
    let (agent, url) = worker.names();
    say(&format!(
        "エージェント「{agent}」が {url} からの指示を待っています。終えるには Ctrl-C\n\
         agent {agent:?} waits for orders from {url}; Ctrl-C ends it\n"
    ));
    worker.run()
}

/// `host:port`, of whatever form was written.
fn place(text: &str) -> Result<String, Complaint> {
    let bare = text.strip_prefix("https://").unwrap_or(text).trim_end_matches('/');
    let fits = bare.rsplit_once(':').is_some_and(|(host, port)| {
        let host_fits = !host.is_empty() && !host.contains(['/', '?', '#', ' ', '@']);
        host_fits && port.parse::<u16>().is_ok_and(|port| port != 0)
    });
    if fits {
        return Ok(bare.to_owned());
    }
    Err(Complaint::new(
        Exit::Usage,
        format!(
            "{text:?} は収集サーバーの場所ではありません。ホスト:ポート（例 daicho.example:8471）の形で指定してください"
        ),
        format!(
            "{text:?} is not the place of a collector; write it as host:port, for example daicho.example:8471"
        ),
    ))
}

fn bad(why: BadCode) -> Complaint {
    Complaint::new(
        Exit::Usage,
        format!(
            "登録コードが正しくありません（{why}）。`daicho-collector agent invite` が表示したとおりに入力してください"
        ),
        format!(
            "the code is not right ({why}); type it as `daicho-collector agent invite` showed it"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port() {
        assert_eq!(place("https://a.example:8471/").unwrap(), "a.example:8471");
        assert_eq!(place("[2001:db8::1]:8471").unwrap(), "[2001:db8::1]:8471");
        for wrong in ["", "a.example", ":8471", "a:0", "a:99999", "http://a:1", "a/b:1"] {
            assert_eq!(place(wrong).unwrap_err().exit, Exit::Usage, "{wrong}");
        }
    }
}
