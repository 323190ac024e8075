//! What an account may be called, and what makes a password.

use unicode_normalization::UnicodeNormalization;

use super::rules::Passwords;

/// Longest name of an account, in characters.
const NAME: usize = 64;
/// Longest password, in characters: hashing is work, and nobody remembers more.
pub const PASSWORD: usize = 256;

/// The name under which an account is kept: compatibility forms and case are set aside (NFKC, lower
/// case), so that `ｓａｔｏ` and `Sato` are one. None if it is empty, longer than 64 characters, or has
/// anything but letters, digits and `. _ - @` in it.
pub fn account(text: &str) -> Option<String> {
    let name: String = text.trim().nfkc().collect::<String>().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || "._-@".contains(c);
    let length = name.chars().count();
    ((1..=NAME).contains(&length) && name.chars().all(fits)).then_some(name)
}

/// What a person is called, as shown; none if it is longer than 64 characters or has control
/// characters in it.
pub fn called(text: &str) -> Option<String> {
    let text = text.trim();
    (text.chars().count() <= NAME && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// Whether this is good enough as a password of this account.
pub fn is_password(text: &str, account: &str, rules: &Passwords) -> bool {
    let length = text.chars().count();
    let mut distinct: Vec<char> = text.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let holds_name = account.chars().count() > 3 && text.to_lowercase().contains(account);
    (rules.least_characters..=PASSWORD).contains(&length)
        && distinct.len() >= rules.least_distinct
        && !holds_name
}

/// How what a program does for somebody is signed: the person, and the number of its token.
pub fn signed_by(who: &str, token: i64) -> String {
    format!("{who} [token {token}]")
}

/// Whether two signatures are of one person, whether it spoke itself or by a program.
pub fn is_same_person(one: &str, other: &str) -> bool {
    fn person(signature: &str) -> &str {
        signature.rsplit_once(" [token ").map_or(signature, |(who, _)| who)
    }
    person(one) == person(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_and_its_programs_are_one() {
        let (person, program) = ("佐藤 (sato)", signed_by("佐藤 (sato)", 3));
        assert_eq!(program, "佐藤 (sato) [token 3]");
        assert!(is_same_person(person, &program) && is_same_person(&program, person));
        assert!(is_same_person(&program, &signed_by(person, 4)));
        assert!(!is_same_person(person, "佐藤 (sato2)"));
    }
}
