//! `[oidc]`: the hospital's identity provider, as written and as meant.

use std::path::PathBuf;

use daicho_common::complaint::{Complaint, Exit};
use serde::Deserialize;

use super::notify::Named;
use crate::oidc::{ClientSecret, RETURN, Settings};

/// Where Debian's package ca-certificates keeps who may vouch for whom.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// What the button says unless another text is configured; names are not translated.
const LABEL: &str = "院内の認証サーバーでログイン / Log in through the identity provider";

/// As written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    issuer: String,
    client_id: String,
    client_secret: Option<Named>,
    client_secret_file: Option<PathBuf>,
    redirect: String,
    label: Option<String>,
    scopes: Option<Vec<String>>,
    certificates: Option<PathBuf>,
}

impl Written {
    /// As meant.
    pub(super) fn meant(self, file: &str) -> Result<Settings, Complaint> {
        let is_url = |text: &str| is_safe(text) && !text.contains(['?', '#', ' ']);
        if !is_url(&self.issuer) {
            return Err(wrong(file, ("issuer", &self.issuer), "https://login.hospital.example"));
        }
        let redirect = &self.redirect;
        if !is_url(redirect) || !redirect.ends_with(RETURN) {
            let example = "https://daicho.hospital.example/login/oidc/return";
            return Err(wrong(file, ("redirect", redirect), example));
        }
        if self.client_id.is_empty() {
            return Err(wrong(file, ("client_id", ""), "daicho"));
        }
        let scopes = self.scopes.unwrap_or_else(|| vec!["profile".to_owned()]);
        let is_scope = |scope: &String| {
            !scope.is_empty()
                && scope.bytes().all(|c| c.is_ascii_graphic() && !b"\"\\".contains(&c))
        };
        if let Some(scope) = scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(wrong(file, ("scopes", scope), "profile"));
        }
        let secret = match (&self.client_secret, self.client_secret_file) {
            (None, file) => file.map(ClientSecret::File),
            (Some(_), Some(_)) => {
                let example = "client_secret_file を消して { secret = \"oidc\" }";
                return Err(wrong(file, ("client_secret", "client_secret_file"), example));
            }
            (Some(named), None) => match named.name() {
                Some(name) => Some(ClientSecret::Kept(name.to_owned())),
                // What stands there may be the secret itself.
                None => return Err(wrong(file, ("client_secret", "…"), "{ secret = \"oidc\" }")),
            },
        };
        Ok(Settings {
            issuer: self.issuer,
            client_id: self.client_id,
            secret,
            redirect: self.redirect,
            label: self.label.unwrap_or_else(|| LABEL.to_owned()),
            scopes,
            certificates: self.certificates.unwrap_or_else(|| CERTIFICATES.into()),
        })
    }
}

/// Whether nobody on the way can read along: https, or a port of this computer itself.
fn is_safe(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
        || url.starts_with("http://127.0.0.1:")
}

fn wrong(file: &str, (key, value): (&str, &str), example: &str) -> Complaint {
    Complaint::new(
        Exit::Config,
        format!(
            "設定ファイル {file} の [oidc] {key} は {value:?} です。{example} のように書いてください"
        ),
        format!(
            "{key} in [oidc] of the configuration {file} is {value:?}: write it like {example}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::oidc::ClientSecret;

    const SAMPLE: &str = include_str!("../../../config/collector.toml");

    /// The section of the sample, without the signs that take it out.
    fn section() -> String {
        let from = SAMPLE.find("#[oidc]").unwrap();
        let lines = SAMPLE[from..].lines().map_while(|line| line.strip_prefix('#'));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_sample_names_every_key_of_the_provider_and_can_be_taken_as_it_stands() {
        let settings = Config::parse(&section(), "sample").unwrap().oidc.unwrap();
        assert_eq!(settings.issuer, "https://login.hospital.example");
        assert_eq!(settings.scopes, ["profile"]);
        assert_eq!(settings.secret, Some(ClientSecret::Kept("oidc".into())));
        for key in
            ["issuer", "client_id", "client_secret", "redirect", "label", "scopes", "certificates"]
        {
            assert!(section().contains(&format!("{key} = ")), "{key}");
        }
    }

    #[test]
    fn what_could_be_read_along_or_leads_elsewhere_is_refused() {
        for (from, to) in [
            ("https://login.", "http://login."),
            ("/login/oidc/return", "/elsewhere"),
            ("\"daicho\"", "\"\""),
            ("\"profile\"", "\"a b\""),
            ("issuer", "isuer"),
            ("{ secret = \"oidc\" }", "\"hidden-in-the-clear\""),
            ("{ secret = \"oidc\" }", "{ secret = \"a b\" }"),
            ("redirect = ", "client_secret_file = \"/etc/daicho/oidc.secret\"\nredirect = "),
        ] {
            let text = section().replacen(from, to, 1);
            let told = Config::parse(&text, "c").unwrap_err().to_string();
            assert!(!told.contains("hidden"), "{told}");
        }
    }
}
