//! Patterns of rows, compiled.
//!
//! `\d`, `\D` and `\w` mean ASCII's digits and letters in them, as in most other notations: serial numbers,
//! models and versions are written so. The letters and digits of all scripts, which `regex` means by them
//! otherwise, take a compiled pattern a hundred kilobytes.

use regex::{Error, Regex};
use regex_syntax::ast::{self, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Visitor, parse};

/// Compiles a pattern.
///
/// # Errors
/// If it is none.
pub(crate) fn compile(pattern: &str) -> Result<Regex, Error> {
    // What cannot be parsed is refused in the words of the crate.
    let classes = parse::Parser::new().parse(pattern).ok().map(|ast| classes(&ast));
    Regex::new(&written(pattern, &classes.unwrap_or_default()))
}

/// A class as it is to be written, and where it stood.
struct Class {
    from: usize,
    to: usize,
    ascii: &'static str,
}

/// The classes that are to be written otherwise, in their order.
fn classes(ast: &Ast) -> Vec<Class> {
    let found: Result<Vec<Class>, std::convert::Infallible> = ast::visit(ast, Found(Vec::new()));
    found.unwrap_or_default()
}

/// The pattern with these classes in their places.
fn written(pattern: &str, classes: &[Class]) -> String {
    let (mut text, mut from) = (String::with_capacity(pattern.len()), 0);
    for class in classes {
        text.push_str(pattern.get(from..class.from).unwrap_or_default());
        text.push_str(class.ascii);
        from = class.to;
    }
    text.push_str(pattern.get(from..).unwrap_or_default());
    text
}

struct Found(Vec<Class>);

impl Found {
    fn note(&mut self, class: &ClassPerl, within: bool) {
        let ascii = match (&class.kind, class.negated, within) {
            (ClassPerlKind::Digit, false, false) => "[0-9]",
            (ClassPerlKind::Digit, false, true) => "0-9",
            (ClassPerlKind::Digit, true, false) => "[^0-9]",
            (ClassPerlKind::Digit, true, true) => "[:^digit:]",
            (ClassPerlKind::Word, false, false) => "[[:word:]]",
            (ClassPerlKind::Word, false, true) => "[:word:]",
            // Full-width spaces are spaces, and letters of any script part words.
            (ClassPerlKind::Word, true, _) | (ClassPerlKind::Space, ..) => return,
        };
        let span = &class.span;
        self.0.push(Class { from: span.start.offset, to: span.end.offset, ascii });
    }
}

impl Visitor for Found {
    type Output = Vec<Class>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        if let Ast::ClassPerl(class) = ast {
            self.note(class, false);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        if let ClassSetItem::Perl(class) = item {
            self.note(class, true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(pattern: &str) -> String {
        compile(pattern).unwrap().as_str().to_owned()
    }

    #[test]
    fn digits_and_letters_are_those_of_ascii_wherever_they_stand() {
        assert_eq!(meant(r"^(?<m>FG-\d+\w)\b\S"), r"^(?<m>FG-[0-9]+[[:word:]])\b\S");
        assert_eq!(meant(r"[\w.-]{2}[^\d\s]\D"), r"[[:word:].-]{2}[^0-9\s][^0-9]");
        assert_eq!(meant(r"(?x) [\D&&\w] # \d"), r"(?x) [[:^digit:]&&[:word:]] # \d");
        assert_eq!(meant(r"\\d[\\w]"), r"\\d[\\w]");
        let model = compile(r"^(\w+)\d$").unwrap();
        assert!(
            model.is_match("RTX1210") && !model.is_match("会議室1") && !model.is_match("RTX１")
        );
        assert!(compile(r"[^\d]").unwrap().is_match("１"));
    }

    #[test]
    fn what_is_no_pattern_is_refused_in_the_words_of_the_crate() {
        let refused = compile(r"(\d").unwrap_err().to_string();
        assert!(refused.contains("unclosed group"), "{refused}");
    }
}
