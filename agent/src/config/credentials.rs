//! What SNMP agents are asked with, from what was written. Secrets are never shown, not even in a
//! complaint.

use std::path::PathBuf;

use daicho_common::complaint::Complaint;

use super::meant::Checker;
use super::{secret_file, written};
use crate::plan::credential::{Auth, Community, Credential, Password, Privacy, User};

/// Most credentials of each kind.
const MOST: usize = 8;
/// Most contexts of one user.
const CONTEXTS: usize = 64;
/// Shortest password, in octets (RFC 3414 §11.2).
const PASSWORD: usize = 8;

/// What was written, with what stands in files in its place; and the files that hold secrets, this
/// configuration among them if it does.
pub(super) fn gathered(
    checker: &Checker<'_>,
    key: impl Fn(&str) -> String,
    written: &written::Snmp,
) -> Result<(written::Snmp, Vec<PathBuf>), Complaint> {
    let handed_in = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let mut whole = written.clone();
    let mut files = Vec::new();
    let mut from = |key: String, file: &Option<PathBuf>| -> Result<Vec<String>, Complaint> {
        let Some(file) = file else { return Ok(Vec::new()) };
        let file = secret_file::place(file, checker.file(), handed_in.as_deref());
        let lines = secret_file::lines(checker, &key, &file)?;
        files.push(file);
        Ok(lines)
    };
    let found = from(key("snmp.communities_file"), &written.communities_file)?;
    whole.communities.extend(found);
    let found = from(key("snmp.v1_communities_file"), &written.v1_communities_file)?;
    whole.v1_communities.extend(found);
    for (n, user) in whole.user.iter_mut().enumerate() {
        let key = |field: &str| key(&format!("snmp.user {} {field}", n + 1));
        for (field, password, file) in [
            ("auth_password_file", &mut user.auth_password, &user.auth_password_file),
            ("privacy_password_file", &mut user.privacy_password, &user.privacy_password_file),
        ] {
            let mut found = from(key(field), file)?.into_iter();
            let Some(first) = found.next() else {
                if file.is_some() {
                    return Err(empty(checker, &key(field)));
                }
                continue;
            };
            if password.is_some() || found.next().is_some() {
                return Err(twice(checker, &key(field)));
            }
            *password = Some(first);
        }
    }
    let here = !written.communities.is_empty()
        || !written.v1_communities.is_empty()
        || written
            .user
            .iter()
            .any(|it| it.auth_password.is_some() || it.privacy_password.is_some());
    files.extend(here.then(|| checker.file().to_owned()));
    Ok((whole, files))
}

fn empty(checker: &Checker<'_>, key: &str) -> Complaint {
    checker.wrong(
        key,
        "空のファイル / an empty file",
        "パスワードを1行で書いてください",
        "write the password into it, on one line",
    )
}

fn twice(checker: &Checker<'_>, key: &str) -> Complaint {
    checker.wrong(
        key,
        "2つ目のパスワード / a second password",
        "設定かファイルのどちらか一方に、1つだけ書いてください",
        "write just one, in the configuration or in the file",
    )
}

/// The credentials of a network, in the order in which they are tried: users, communities, and
/// communities of the first version.
pub(super) fn all(
    checker: &Checker<'_>,
    key: impl Fn(&str) -> String,
    written: &written::Snmp,
) -> Result<Vec<Credential>, Complaint> {
    let users = &written.user;
    if users.len() > MOST {
        return Err(checker.wrong(
            &key("snmp.user"),
            format_args!("{} 人 / {} users", users.len(), users.len()),
            &format!("{MOST} 人までにしてください"),
            &format!("name at most {MOST}"),
        ));
    }
    let mut all = Vec::new();
    for (n, written) in users.iter().enumerate() {
        let key = |field: &str| key(&format!("snmp.user {} {field}", n + 1));
        all.push(Credential::V3(user(checker, key, written)?));
    }
    let v2c = communities(checker, &key("snmp.communities"), &written.communities)?;
    let v1 = communities(checker, &key("snmp.v1_communities"), &written.v1_communities)?;
    all.extend(v2c.into_iter().map(Credential::V2c));
    all.extend(v1.into_iter().map(Credential::V1));
    Ok(all)
}

fn communities(
    checker: &Checker<'_>,
    key: &str,
    written: &[String],
) -> Result<Vec<Community>, Complaint> {
    let fits =
        written.len() <= MOST && written.iter().all(|secret| (1..=255).contains(&secret.len()));
    if fits {
        return Ok(written.iter().map(|secret| Community::new(secret.as_bytes())).collect());
    }
    Err(checker.wrong(
        key,
        "(…)",
        &format!("1～255 オクテットの文字列を {MOST} 個まで書いてください"),
        &format!("write at most {MOST} strings of 1 to 255 octets"),
    ))
}

fn user(
    checker: &Checker<'_>,
    key: impl Fn(&str) -> String,
    written: &written::User,
) -> Result<User, Complaint> {
    let fits = |text: &String| (1..=32).contains(&text.len());
    if !fits(&written.name) {
        return Err(checker.wrong(
            &key("name"),
            format_args!("{:?}", written.name),
            "1～32 オクテットで書いてください",
            "write 1 to 32 octets",
        ));
    }
    if written.contexts.len() > CONTEXTS || !written.contexts.iter().all(fits) {
        return Err(checker.wrong(
            &key("contexts"),
            format_args!("{:?}", written.contexts),
            &format!("1～32 オクテットの名前を {CONTEXTS} 個まで書いてください"),
            &format!("write at most {CONTEXTS} names of 1 to 32 octets"),
        ));
    }
    let auth = secret(checker, &key, "auth", (written.auth, &written.auth_password))?;
    let privacy = secret(checker, &key, "privacy", (written.privacy, &written.privacy_password))?;
    if privacy.is_some() && auth.is_none() {
        return Err(checker.wrong(
            &key("privacy"),
            "auth なし / without auth",
            "暗号化には認証も要るので、auth と auth_password も書いてください",
            "privacy needs authentication, so write auth and auth_password too",
        ));
    }
    Ok(User {
        name: written.name.clone(),
        auth: auth.map(|(how, password)| (as_meant(how), password)),
        privacy: privacy.map(|(how, password)| (as_meant_privacy(how), password)),
        contexts: written.contexts.clone(),
    })
}

/// A way and its password: both, or neither.
fn secret<T: Copy>(
    checker: &Checker<'_>,
    key: impl Fn(&str) -> String,
    field: &str,
    (how, password): (Option<T>, &Option<String>),
) -> Result<Option<(T, Password)>, Complaint> {
    match (how, password) {
        (None, None) => Ok(None),
        (Some(how), Some(secret)) if secret.len() >= PASSWORD => {
            Ok(Some((how, Password::new(secret.as_bytes()))))
        }
        (Some(_), Some(_)) => Err(checker.wrong(
            &key(&format!("{field}_password")),
            "(…)",
            &format!("{PASSWORD} オクテット以上で書いてください"),
            &format!("write at least {PASSWORD} octets"),
        )),
        (Some(_), None) | (None, Some(_)) => Err(checker.wrong(
            &key(field),
            "片方だけ / only one of two",
            &format!("{field} と {field}_password は両方書くか、両方消してください"),
            &format!("write both {field} and {field}_password, or neither"),
        )),
    }
}

const fn as_meant(written: written::Auth) -> Auth {
    match written {
        written::Auth::Md5 => Auth::Md5,
        written::Auth::Sha1 => Auth::Sha1,
        written::Auth::Sha224 => Auth::Sha224,
        written::Auth::Sha256 => Auth::Sha256,
        written::Auth::Sha384 => Auth::Sha384,
        written::Auth::Sha512 => Auth::Sha512,
    }
}

const fn as_meant_privacy(written: written::Privacy) -> Privacy {
    match written {
        written::Privacy::Des => Privacy::Des,
        written::Privacy::TripleDes => Privacy::TripleDes,
        written::Privacy::Aes128 => Privacy::Aes128,
        written::Privacy::Aes192 => Privacy::Aes192,
        written::Privacy::Aes192Cisco => Privacy::Aes192Cisco,
        written::Privacy::Aes256 => Privacy::Aes256,
        written::Privacy::Aes256Cisco => Privacy::Aes256Cisco,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Declared;
    use super::*;

    fn parse(snmp: &str) -> Result<Vec<Credential>, Complaint> {
        let text = format!("[[network]]\ncidr = \"10.0.0.0/24\"\n[network.snmp]\n{snmp}");
        let mut declared = Declared::parse(&text, Path::new("agent.toml"))?;
        Ok(declared.networks.remove(0).network.credentials)
    }

    #[test]
    fn users_are_tried_before_communities_and_those_before_the_first_version() {
        let all = parse(
            r#"
            communities = ["c2"]
            v1_communities = ["c1"]
            [[network.snmp.user]]
            name = "watch"
            auth = "sha256"
            auth_password = "auth-password"
            privacy = "aes256-cisco"
            privacy_password = "privacy-password"
            contexts = ["vlan-20"]
            "#,
        );
        let want = [
            Credential::V3(User {
                name: "watch".into(),
                auth: Some((Auth::Sha256, Password::new("auth-password"))),
                privacy: Some((Privacy::Aes256Cisco, Password::new("privacy-password"))),
                contexts: vec!["vlan-20".into()],
            }),
            Credential::V2c(Community::new("c2")),
            Credential::V1(Community::new("c1")),
        ];
        assert_eq!(all.unwrap(), want);
    }

    #[cfg(unix)]
    #[test]
    fn secrets_come_from_files_beside_the_configuration_and_open_ones_are_known() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let keep = |name: &str, text: &str, mode: u32| {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        };
        keep("v2c", "first\r\n\nsecond\n", 0o600);
        keep("v1", "old\n", 0o644);
        keep("auth", "auth-password\n", 0o640);
        let text = r#"
            [[network]]
            cidr = "10.0.0.0/24"
            [network.snmp]
            communities = ["written"]
            communities_file = "v2c"
            v1_communities_file = "v1"
            [[network.snmp.user]]
            name = "watch"
            auth = "sha256"
            auth_password_file = "auth"
            "#;
        let declared = Declared::parse(text, &file).unwrap();
        let want = [
            Credential::V3(User {
                name: "watch".into(),
                auth: Some((Auth::Sha256, Password::new("auth-password"))),
                privacy: None,
                contexts: Vec::new(),
            }),
            Credential::V2c(Community::new("written")),
            Credential::V2c(Community::new("first")),
            Credential::V2c(Community::new("second")),
            Credential::V1(Community::new("old")),
        ];
        assert_eq!(declared.networks[0].network.credentials, want);
        let names: Vec<_> =
            declared.secret_files.iter().map(|it| it.file_name().unwrap()).collect();
        assert_eq!(names, ["v2c", "v1", "auth", "agent.toml"]);
        let open = declared.secret_files.iter().filter(|file| secret_file::is_open(file));
        assert_eq!(open.count(), 1, "only v1");
        for (more, key) in [
            ("auth_password = \"auth-password\"", "auth_password_file"),
            ("privacy = \"aes128\"\nprivacy_password_file = \"absent\"", "privacy_password_file"),
        ] {
            let complaint = Declared::parse(&format!("{text}{more}\n"), &file).unwrap_err();
            assert!(complaint.en.contains(key), "{complaint}");
            assert!(!complaint.to_string().contains("auth-password"), "{complaint}");
        }
    }

    #[test]
    fn what_a_user_lacks_is_complained_of_and_its_passwords_never_show() {
        let user = |more: &str| parse(&format!("[[network.snmp.user]]\nname = \"watch\"\n{more}"));
        for (more, key) in [
            ("auth = \"sha1\"", "snmp.user 1 auth "),
            ("auth_password = \"s3cret-s3cret\"", "snmp.user 1 auth "),
            ("auth = \"sha1\"\nauth_password = \"s3cret\"", "auth_password"),
            ("privacy = \"des\"\nprivacy_password = \"s3cret-s3cret\"", "privacy"),
        ] {
            let complaint = user(more).unwrap_err();
            assert!(complaint.en.contains(key), "{complaint}");
            assert!(!complaint.to_string().contains("s3cret"), "{complaint}");
        }
        assert!(user("auth = \"sha3\"").is_err());
        assert!(parse("[[network.snmp.user]]\nname = \"\"").is_err());
        let fine = user("auth = \"sha1\"\nauth_password = \"s3cret-s3cret\"").unwrap();
        assert!(!format!("{fine:?}").contains("s3cret"));
    }
}
