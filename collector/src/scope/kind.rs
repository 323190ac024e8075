//! What a row says that a thing is: `config/ledger/kinds.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::fingerprint::{Class, spelling};

const RELEASED: &str = include_str!("../../../config/ledger/kinds.toml");

/// Words by the class that they mean, the longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds(Vec<(String, Class)>);

#[derive(Deserialize)]
#[serde(transparent)]
struct Written(BTreeMap<Class, Vec<String>>);

impl Kinds {
    /// The table released with the program.
    ///
    /// # Errors
    /// Never for a released program: the suite parses it.
    pub fn released() -> Result<Self, toml::de::Error> {
        let Written(written) = toml::from_str(RELEASED)?;
        let words = written.into_iter().flat_map(|(class, words)| {
            words.into_iter().map(move |word| (spelling::fold(&word), class))
        });
        let mut words: Vec<(String, Class)> = words.collect();
        words.sort_by(|a, b| b.0.chars().count().cmp(&a.0.chars().count()).then(a.cmp(b)));
        Ok(Self(words))
    }

    /// The class that one of these texts says, the first that says any. Words of Latin letters have to
    /// stand alone: 「CT」 is no part of 「Active」.
    pub fn class(&self, said: &[&str]) -> Option<Class> {
        said.iter().map(|text| spelling::fold(text)).find_map(|text| {
            self.0.iter().find(|(word, _)| stands_in(&text, word)).map(|(_, class)| *class)
        })
    }
}

/// Whether `text` holds `word`; where the word begins or ends with a Latin letter, not as a part of
/// another.
pub(super) fn stands_in(text: &str, word: &str) -> bool {
    // Most texts hold none of the words, and this tells soonest.
    if text.len() < word.len() || !text.contains(word) {
        return false;
    }
    let latin = |c: char| c.is_ascii_alphabetic();
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|text| text.chars().next());
        let open = |edge: Option<char>, next: Option<char>| {
            !(edge.is_some_and(latin) && next.is_some_and(latin))
        };
        open(word.chars().next(), before) && open(word.chars().next_back(), after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_things_are_in_many_spellings() {
        let kinds = Kinds::released().unwrap();
        for (said, class) in [
            ("ノートＰＣ", Class::Pc),
            ("ﾌﾟﾘﾝﾀ", Class::Printer),
            ("ラベルプリンター", Class::Printer),
            ("カラー複合機", Class::Mfp),
            ("L2SW", Class::Switch),
            ("8ポートHUB", Class::Switch),
            ("無線AP", Class::Wireless),
            ("ファイルサーバ", Class::Nas),
            ("シンクライアント端末", Class::ThinClient),
            ("ポータブルX線", Class::Modality),
            ("資格確認端末", Class::EligibilityTerminal),
        ] {
            assert_eq!(kinds.class(&[said]), Some(class), "{said}");
        }
    }

    #[test]
    fn a_word_of_latin_letters_is_not_found_inside_another() {
        let kinds = Kinds::released().unwrap();
        assert_eq!(kinds.class(&["Active Directory"]), None);
        assert_eq!(kinds.class(&["", "スパコン"]), None);
    }
}
