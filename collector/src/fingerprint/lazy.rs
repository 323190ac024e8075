//! Patterns that are compiled when a text comes that they may match.
//!
//! There are more than a thousand of them, and a command or a test meets few: compiling them all takes a
//! second and 200 MiB. What every match of a pattern holds can be told from its syntax for next to
//! nothing; a text without it needs no compiled pattern.

use std::sync::OnceLock;

use regex::Regex;
use regex_syntax::ast::{Ast, RepetitionKind, RepetitionRange, parse};

use super::pattern;

/// Letters that are folded into ASCII where case does not matter (Unicode, `CaseFolding.txt`).
const FOLDED_INTO_ASCII: [char; 2] = ['\u{17f}', '\u{212a}'];
/// Most texts of which one must be there.
const MOST: usize = 64;

/// A text with what is looked up in it for every pattern.
pub(crate) struct Looked<'t> {
    pub(crate) text: &'t str,
    lower: String,
    /// Whether a letter in it may be spelled with ASCII in a pattern.
    odd: bool,
}

impl<'t> Looked<'t> {
    pub(crate) fn at(text: &'t str) -> Self {
        let odd = text.contains(FOLDED_INTO_ASCII);
        Self { text, lower: text.to_ascii_lowercase(), odd }
    }
}

/// A pattern.
#[derive(Clone, Debug)]
pub(crate) struct Lazy {
    written: String,
    /// Texts in ASCII's small letters of which every match holds one; none if that cannot be told.
    needed: OnceLock<Option<Vec<String>>>,
    compiled: OnceLock<Option<Regex>>,
}

impl Lazy {
    /// A pattern that is known to be one: of a row that a test proves.
    pub(crate) fn known(written: &str) -> Self {
        let written = written.to_owned();
        Self { written, needed: OnceLock::new(), compiled: OnceLock::new() }
    }

    /// A pattern of somebody else, compiled at once.
    pub(crate) fn checked(written: &str) -> Result<Self, String> {
        let regex = pattern::compile(written).map_err(|error| error.to_string())?;
        Ok(Self { compiled: OnceLock::from(Some(regex)), ..Self::known(written) })
    }

    /// The compiled pattern, if it matches.
    pub(crate) fn matching(&self, looked: &Looked<'_>) -> Option<&Regex> {
        let needed = self.needed.get_or_init(|| {
            let ast = parse::Parser::new().parse(&self.written).ok()?;
            needed(&ast)
        });
        if let Some(needed) = needed.as_ref().filter(|_| !looked.odd)
            && !needed.iter().any(|one| looked.lower.contains(one.as_str()))
        {
            return None;
        }
        let regex = self.compiled.get_or_init(|| pattern::compile(&self.written).ok()).as_ref()?;
        regex.is_match(looked.text).then_some(regex)
    }
}

/// Texts of which every match holds one; none if that cannot be told.
fn needed(ast: &Ast) -> Option<Vec<String>> {
    match ast {
        Ast::Literal(one) if one.c.is_ascii() => Some(vec![one.c.to_ascii_lowercase().to_string()]),
        Ast::Group(group) => needed(&group.ast),
        Ast::Alternation(either) => {
            let each: Option<Vec<Vec<String>>> = either.asts.iter().map(needed).collect();
            each.map(|each| each.concat()).filter(|all| all.len() <= MOST)
        }
        Ast::Repetition(again) if is_sure(&again.op.kind) => needed(&again.ast),
        Ast::Concat(parts) => of_parts(&parts.asts),
        Ast::Literal(_)
        | Ast::Repetition(_)
        | Ast::Empty(_)
        | Ast::Flags(_)
        | Ast::Dot(_)
        | Ast::Assertion(_)
        | Ast::ClassUnicode(_)
        | Ast::ClassPerl(_)
        | Ast::ClassBracketed(_) => None,
    }
}

/// Whether what is repeated is there at least once.
const fn is_sure(kind: &RepetitionKind) -> bool {
    match kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => false,
        RepetitionKind::OneOrMore => true,
        RepetitionKind::Range(
            RepetitionRange::Exactly(least)
            | RepetitionRange::AtLeast(least)
            | RepetitionRange::Bounded(least, _),
        ) => *least > 0,
    }
}

/// Of parts that stand one after the other: letters side by side are one text, and the texts count that
/// tell most, which are those of which the shortest is longest.
fn of_parts(parts: &[Ast]) -> Option<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut run = String::new();
    for part in parts {
        if let Ast::Literal(one) = part
            && one.c.is_ascii()
        {
            run.push(one.c.to_ascii_lowercase());
        } else {
            found.push(vec![std::mem::take(&mut run)]);
            found.extend(needed(part));
        }
    }
    found.push(vec![run]);
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
    found.into_iter().max_by_key(shortest).filter(|texts| shortest(texts) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pattern: &str) -> Option<Vec<String>> {
        needed(&parse::Parser::new().parse(pattern).unwrap())
    }

    #[test]
    fn what_every_match_holds_is_told_from_the_syntax() {
        let some = |texts: &[&str]| Some(texts.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(needs("^(?P<model>FortiSwitch-\\w+)"), some(&["fortiswitch-"]));
        assert_eq!(needs("O=(?:(?i:eaton))"), some(&["eaton"]));
        assert_eq!(needs("(?i)^(?:innovaphone|2n)\\b(?: x)?"), some(&["innovaphone", "2n"]));
        assert_eq!(needs("^1,3(?:,119)?,121$"), some(&[",121"]));
        assert_eq!(needs("a{2,3}b{0,1}"), some(&["a"]));
        for nothing in ["", "a?", "^\\S+ ?", "a|b*", "日本", "[ab]\\d+"] {
            assert_eq!(needs(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_pattern_matches_what_it_matched_before() {
        for (pattern, text) in [
            ("(?i)^sky switch", "ſKY Switch 日本"),
            ("(?i)kelvin", "\u{212a}elvin"),
            ("(?x) a b # c", "ab"),
            ("日本|Hub", "hub Hub"),
            ("(?i)É", "é"),
        ] {
            assert!(Regex::new(pattern).unwrap().is_match(text), "{pattern}");
            assert!(Lazy::known(pattern).matching(&Looked::at(text)).is_some(), "{pattern}");
        }
        assert!(Lazy::known("Hub").matching(&Looked::at("hub")).is_none());
    }
}
