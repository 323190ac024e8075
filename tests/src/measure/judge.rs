//! What is said of a device against what is known of it: right, wrong or not said.
//!
//! Only what is known is judged, and an answer that is not right is wrong: in an inventory that is
//! worse than none. How a thing is written does not matter: case and signs are set aside, any of
//! several right answers is right, a maker may go by any name of its family (`makers`), a model may
//! be told by its part number, a version by the number in it (`numbers`).

use serde_json::Value as Json;

mod makers;
mod numbers;

use makers::Makers;

/// What is judged, with the name in tables.
pub const FIELDS: [&str; 10] =
    ["class", "coarse", "vendor", "model", "strict", "serial", "firmware", "mfp", "os", "storage"];

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One of the right answers.
    Right,
    /// Answered, and not right.
    Wrong,
    /// Not answered.
    None,
}

/// Judges by the families of makers.
#[derive(Debug)]
pub struct Judge {
    makers: Makers,
}

/// Letters and digits by words: lower case, one space between them.
fn words(text: &str) -> String {
    let lower = text.to_lowercase();
    let split = lower.split(|sign: char| !sign.is_ascii_alphanumeric());
    split.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Letters and digits, lower case.
fn bare(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The class by which ours is compared, which is coarser: lists of devices have one class for computers that
/// serve, whatever they serve for, one for desks, one for printers and scanners, one for what forwards
/// frames, and what they have no class for is "other".
pub fn class(said: &str) -> Option<&str> {
    Some(match said {
        "" | "unknown" => return None,
        "hypervisor" | "bmc" => "server",
        "thin_client" | "eligibility_terminal" => "pc",
        "mfp" | "scanner" => "printer",
        "hub" => "switch",
        "modality" => "medical",
        "server" | "pc" | "printer" | "firewall" | "switch" | "router" | "wireless" | "nas"
        | "ups" | "pdu" | "phone" | "camera" | "medical" => said,
        _ => "other",
    })
}

/// Classes that do much the same work.
fn group(class: &str) -> &str {
    match class {
        "server" | "pc" => "compute",
        "firewall" | "switch" | "router" | "wireless" => "network",
        "nas" => "storage",
        "ups" | "pdu" => "power",
        "phone" => "voice",
        "camera" => "video",
        other => other,
    }
}

/// Whether two classes, as we write them, do much the same work.
pub fn same_group(a: &str, b: &str) -> bool {
    let of = |said| class(said).map(group);
    // What is "other" has only that in common.
    let same = a == b || of(a) == of(b) && of(a) != Some("other");
    of(a).is_some() && same
}

/// The groups of a device that is none of the common classes, by what it is.
fn group_of_other(subclass: Option<&str>) -> &'static str {
    match subclass {
        Some("environment" | "power") => "power",
        Some("av") => "video",
        Some("appliance" | "eds") => "other",
        _ => "network",
    }
}

/// An answer, if it is one.
fn said<'j>(found: &'j Json, field: &str) -> Option<&'j str> {
    let text = found[field].as_str()?.trim();
    let nothing = ["", "unknown", "null", "n/a"].iter().any(|none| text.eq_ignore_ascii_case(none));
    (!nothing).then_some(text)
}

/// Every right answer: the one that is known, and those under `also`. None if nothing is known.
fn known<'j>(truth: &'j Json, field: &str, also: &str) -> Vec<&'j str> {
    let Some(first) = truth[field].as_str().filter(|text| !text.is_empty()) else {
        return Vec::new();
    };
    let others = truth[format!("{field}_{also}")].as_array();
    std::iter::once(first).chain(others.into_iter().flatten().filter_map(Json::as_str)).collect()
}

fn verdict<T>(answer: Option<T>, is_right: impl FnOnce(T) -> bool) -> Verdict {
    match answer.map(is_right) {
        Some(true) => Verdict::Right,
        Some(false) => Verdict::Wrong,
        None => Verdict::None,
    }
}

impl Judge {
    /// A judge.
    ///
    /// # Errors
    /// If its own data is damaged.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { makers: Makers::read()? })
    }

    /// What `found` (a device as the collector prints it, or null) is worth in this field; `None`
    /// if nothing is known of it.
    pub fn field(&self, truth: &Json, found: &Json, field: &str) -> Option<Verdict> {
        match field {
            "class" | "coarse" => Some(Self::class(truth, found, field == "coarse")),
            "mfp" => {
                let known = truth["mfp"].as_bool()?;
                Some(verdict(found["mfp"].as_bool(), |said| said == known))
            }
            "storage" => {
                let known = truth["disk_evidence"].as_bool()?;
                Some(verdict(found["storage"].as_bool(), |said| said == known))
            }
            "os" => {
                let known = truth["os_version"].as_str()?;
                let said = said(found, "os");
                Some(verdict(said, |said| numbers::same_system(known, said)))
            }
            _ => self.text(truth, found, field),
        }
    }

    fn class(truth: &Json, found: &Json, coarse: bool) -> Verdict {
        let accepted: Vec<&str> = truth["class_accept"]
            .as_array()
            .map(|all| all.iter().filter_map(Json::as_str).filter_map(class).collect())
            .unwrap_or_default();
        let answer = said(found, "class").and_then(class);
        if !coarse {
            return verdict(answer, |said| accepted.contains(&said));
        }
        let mut groups: Vec<&str> = accepted.iter().map(|class| group(class)).collect();
        if truth["class"].as_str() == Some("other") {
            groups.push(group_of_other(truth["subclass"].as_str()));
        }
        verdict(answer, |said| groups.contains(&group(said)))
    }

    fn text(&self, truth: &Json, found: &Json, field: &str) -> Option<Verdict> {
        let of = if field == "strict" { "model" } else { field };
        let right = known(truth, of, if field == "vendor" { "accept" } else { "alt" });
        if right.is_empty() {
            return None;
        }
        let same = |said: &str, right: &str| match field {
            "vendor" => self.makers.same(right, said),
            "strict" => self.same_model(right, said),
            "model" => self.same_model(right, said) || self.like_model(right, said),
            "serial" => numbers::same_serial(right, said),
            _ => numbers::same_version(right, said),
        };
        let any = |said: &str| right.iter().any(|right| same(said, right));
        Some(verdict(said(found, of), any))
    }

    fn same_model(&self, known: &str, said: &str) -> bool {
        self.makers.model(known) == self.makers.model(said) || bare(known) == bare(said)
    }

    /// One holds the other, or they share a part number.
    fn like_model(&self, known: &str, said: &str) -> bool {
        let (a, b) = (self.makers.model(known), self.makers.model(said));
        let holds = a.len().min(b.len()) >= 3 && (a.contains(&b) || b.contains(&a));
        holds || numbers::share_a_part(known, said)
    }

    /// Whether two names are of one maker.
    pub fn same_maker(&self, a: &str, b: &str) -> bool {
        self.makers.same(a, b)
    }

    /// Whether two texts name one model, told by its part number at least.
    pub fn is_model(&self, known: &str, said: &str) -> bool {
        self.same_model(known, said) || self.like_model(known, said)
    }

    /// Whether two texts name one version.
    pub fn same_version(known: &str, said: &str) -> bool {
        numbers::same_version(known, said)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdicts(truth: &Json, found: &Json) -> Vec<(&'static str, Verdict)> {
        let judge = Judge::new().unwrap();
        let all = FIELDS.iter();
        all.filter_map(|field| Some((*field, judge.field(truth, found, field)?))).collect()
    }

    fn truth() -> Json {
        json!({
            "class": "printer", "class_accept": ["printer"], "vendor": "RICOH", "vendor_accept": [],
            "model": "XC 99", "model_alt": ["Aficio XC 99"], "serial": "A1", "serial_alt": ["B-2"],
            "firmware": "9.87", "firmware_alt": [], "mfp": true, "disk_evidence": true
        })
    }

    #[test]
    fn spelling_is_set_aside_and_every_known_field_is_judged() {
        let found = json!({
            "class": "mfp", "vendor": "Lanier", "model": "Ricoh xc-99", "serial": "b2",
            "firmware": "System 9.87 (boot 1.2)", "mfp": true, "storage": true, "os": "1.0"
        });
        let all = verdicts(&truth(), &found);
        assert_eq!(all.len(), FIELDS.len() - 1, "of the OS nothing is known");
        assert!(all.iter().all(|(_, verdict)| *verdict == Verdict::Right), "{all:?}");
    }

    #[test]
    fn an_answer_that_is_not_right_is_wrong_and_no_answer_is_none() {
        let found = json!({ "class": "nas", "vendor": "Canon", "serial": "unknown", "mfp": false });
        let all = verdicts(&truth(), &found);
        let of = |field| all.iter().find(|(name, _)| *name == field).unwrap().1;
        for field in ["class", "coarse", "vendor", "mfp"] {
            assert_eq!(of(field), Verdict::Wrong, "{field}");
        }
        for field in ["model", "strict", "serial", "firmware", "storage"] {
            assert_eq!(of(field), Verdict::None, "{field}");
        }
        assert!(verdicts(&truth(), &Json::Null).iter().all(|(_, it)| *it == Verdict::None));
    }

    #[test]
    fn a_finer_class_of_ours_is_the_coarser_one_of_a_list() {
        let right = [
            ("server", ["server", "hypervisor", "bmc"].as_slice()),
            ("pc", &["pc", "thin_client", "eligibility_terminal"]),
            ("printer", &["printer", "mfp", "scanner"]),
            ("switch", &["switch", "hub"]),
            ("medical", &["medical", "modality"]),
            ("other", &["other", "ot", "mobile"]),
            ("loadbalancer", &["other"]),
        ];
        for (known, answers) in right {
            for answer in answers {
                let truth = json!({ "class": known, "class_accept": [known] });
                let all = verdicts(&truth, &json!({ "class": answer }));
                assert_eq!(all[0], ("class", Verdict::Right), "{known} {answer}");
            }
        }
        let nas = json!({ "class": "nas", "class_accept": ["nas"] });
        for answer in ["bmc", "mobile", "hub", "scanner"] {
            let all = verdicts(&nas, &json!({ "class": answer }));
            assert!(all.iter().all(|(_, verdict)| *verdict == Verdict::Wrong), "{answer}");
        }
        assert!(same_group("bmc", "hypervisor") && same_group("ot", "ot"));
        assert!(!same_group("ot", "mobile") && !same_group("unknown", "unknown"));
    }

    #[test]
    fn a_group_is_right_where_the_class_is_not() {
        let sensor = json!({
            "class": "other", "subclass": "environment", "class_accept": ["other"]
        });
        let as_ups = verdicts(&sensor, &json!({ "class": "ups" }));
        assert_eq!(as_ups, [("class", Verdict::Wrong), ("coarse", Verdict::Right)]);
        let as_pc = verdicts(&sensor, &json!({ "class": "pc" }));
        assert_eq!(as_pc, [("class", Verdict::Wrong), ("coarse", Verdict::Wrong)]);
    }
}
