//! What the forms of records ask for: the fields of each kind as data. Names are those of the records
//! themselves (`config/register/sample.toml`), so that a form and a file say the same.

use crate::register::Kind;
use crate::words::Word;

/// Values of a choice, each with its label.
pub(super) type Choices = &'static [(&'static str, Word)];

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// One line.
    Line,
    /// A day, month or year, in whatever form ledgers write it.
    Date,
    /// A whole number from 0.
    Number,
    /// Yes or no.
    Yes,
    /// Yes, no or not known.
    Perhaps,
    /// One of a few.
    One(Choices),
    /// Some of a few.
    Many(Choices),
    /// A party of the register.
    Party,
    /// Parties in an order.
    Parties,
    /// A contract of the register.
    Contract,
    /// 管理番号, a line each.
    Numbers,
    /// MAC addresses, a line each.
    Macs,
    /// Fields that belong together, or none of them.
    Group(&'static [Spec]),
    /// Groups in an order.
    List(&'static [Spec]),
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) label: Word,
    pub(super) shape: Shape,
    /// Whether a record is none without it.
    pub(super) required: bool,
}

const fn must(name: &'static str, label: Word, shape: Shape) -> Spec {
    Spec { name, label, shape, required: true }
}

const fn may(name: &'static str, label: Word, shape: Shape) -> Spec {
    Spec { name, label, shape, required: false }
}

const CONTACT: &[Spec] = &[
    must("name", Word::EntryContactName, Shape::Line),
    must("reach", Word::EntryReach, Shape::Line),
    may("hours", Word::EntryHours, Shape::Line),
];

const ROLES: Choices = &[
    ("maker", Word::EntryMaker),
    ("seller", Word::EntrySeller),
    ("direct_contractor", Word::EntryDirectContractor),
    ("maintainer", Word::EntryMaintainer),
    ("operator", Word::EntryOperator),
];

const PARTY: &[Spec] = &[
    must("name", Word::EntryName, Shape::Line),
    may("roles", Word::EntryRoles, Shape::Many(ROLES)),
    may("safety_manager", Word::RegisterSafetyManager, Shape::Group(CONTACT)),
    may("contacts", Word::EntryContacts, Shape::List(CONTACT)),
];

const COVERS: &[Spec] = &[
    must(
        "by",
        Word::EntryBy,
        Shape::One(&[
            ("maintainer", Word::FieldMaintainer),
            ("vendor", Word::FieldVendor),
            ("kind", Word::FieldKind),
            ("location", Word::FieldLocation),
            ("model", Word::FieldModel),
        ]),
    ),
    must("text", Word::EntryText, Shape::Line),
];

const CONTRACT: &[Spec] = &[
    must("name", Word::EntryName, Shape::Line),
    must("party", Word::RegisterDirectContractor, Shape::Party),
    may("behind", Word::RegisterBehind, Shape::Parties),
    must("from", Word::EntryFrom, Shape::Date),
    may("until", Word::EntryUntil, Shape::Date),
    may("remote_maintenance", Word::EntryOfRemote, Shape::Yes),
    may("safety_manager", Word::EntryOwnManager, Shape::Group(CONTACT)),
    may("asset_numbers", Word::EntryNumbers, Shape::Numbers),
    may("covers", Word::EntryCovers, Shape::List(COVERS)),
];

const STEP: &[Spec] = &[
    must("party", Word::EntryAsked, Shape::Party),
    must("asked_on", Word::EntryAskedOn, Shape::Date),
    may("answered_on", Word::EntryAnsweredOn, Shape::Date),
    may("answer", Word::EntryAnswer, Shape::Line),
];

const ESCALATION: &[Spec] = &[
    must("contract", Word::RegisterContract, Shape::Contract),
    must("question", Word::EntryQuestion, Shape::Line),
    may("steps", Word::EntrySteps, Shape::List(STEP)),
];

const WAYS: Choices =
    &[("vpn_device", Word::EntryVpn), ("line", Word::EntryLine), ("tool", Word::EntryTool)];

const REMOTE: &[Spec] = &[
    must("asset_number", Word::FieldAssetNumber, Shape::Line),
    may("done", Word::EntryDone, Shape::Yes),
    may("way", Word::EntryWay, Shape::One(WAYS)),
    may("through", Word::EntryThrough, Shape::Line),
    may("party", Word::EntryComesIn, Shape::Party),
    may("contract", Word::RegisterContract, Shape::Contract),
    may("source_restricted", Word::EntryRestricted, Shape::Perhaps),
    may("evidence", Word::CommonEvidence, Shape::Line),
];

const DISCLOSURE: &[Spec] = &[
    must("form", Word::EntryForm, Shape::One(&[("mds", Word::EntryMds), ("sds", Word::EntrySds)])),
    must("party", Word::EntryGiver, Shape::Party),
    must("product", Word::EntryProduct, Shape::Line),
    may("version", Word::FieldVersion, Shape::Line),
    may("asset_numbers", Word::EntryNumbers, Shape::Numbers),
    may("contract", Word::RegisterContract, Shape::Contract),
    may("received_on", Word::EntryReceivedOn, Shape::Date),
];

const KEEPER: &[Spec] = &[
    must("asset_number", Word::FieldAssetNumber, Shape::Line),
    may("kept_by", Word::EntryKeptBy, Shape::Line),
    may("analysed_by", Word::EntryAnalysedBy, Shape::Line),
    may("days", Word::EntryDays, Shape::Number),
];

const MEASURES: Choices = &[
    ("monitoring", Word::EntryMonitoring),
    ("separation", Word::EntrySeparation),
    ("usb_rules", Word::EntryUsbRules),
    ("other", Word::EntryOther),
];

const EXCEPTION: &[Spec] = &[
    must("asset_number", Word::FieldAssetNumber, Shape::Line),
    must("reason", Word::EntryReason, Shape::Line),
    may("measures", Word::EntryMeasures, Shape::Many(MEASURES)),
    may("network", Word::EntryApart, Shape::Line),
    may("note", Word::FieldRemarks, Shape::Line),
    must("decided_by", Word::EntryDecidedBy, Shape::Line),
    must("review_on", Word::EntryReviewOn, Shape::Date),
];

const SERVICE: &[Spec] = &[
    must("name", Word::EntryName, Shape::Line),
    must("party", Word::EntryOperator, Shape::Party),
    may("contract", Word::RegisterContract, Shape::Contract),
    may("medical_information", Word::EntryMedical, Shape::Yes),
    may("clients", Word::EntryClients, Shape::Numbers),
];

const BYOD: &[Spec] = &[
    must("owner", Word::EntryOwner, Shape::Line),
    must("device", Word::CommonDevice, Shape::Line),
    may("macs", Word::FieldMac, Shape::Macs),
    must("purpose", Word::EntryPurpose, Shape::Line),
    must("permitted_by", Word::EntryPermittedBy, Shape::Line),
    must("from", Word::EntryFrom, Shape::Date),
    may("until", Word::EntryUntil, Shape::Date),
];

/// The fields of a kind; none of rounds of stock-taking, which have a page of their own.
pub(super) const fn fields(kind: Kind) -> &'static [Spec] {
    match kind {
        Kind::Party => PARTY,
        Kind::Contract => CONTRACT,
        Kind::Escalation => ESCALATION,
        Kind::Remote => REMOTE,
        Kind::Disclosure => DISCLOSURE,
        Kind::Keeper => KEEPER,
        Kind::Exception => EXCEPTION,
        Kind::Service => SERVICE,
        Kind::Byod => BYOD,
        Kind::Stocktaking => &[],
    }
}
