//! People and what they did.

use crate::people::Role;
use crate::people::log::Deed;
use crate::words::Word;

/// A role.
pub const fn role(role: Role) -> Word {
    match role {
        Role::Administrator => Word::RoleAdministrator,
        Role::Operator => Word::RoleOperator,
        Role::Auditor => Word::RoleAuditor,
        Role::Vendor => Word::RoleVendor,
        Role::Approver => Word::RoleApprover,
    }
}

/// A deed of the audit log.
pub const fn deed(deed: Deed) -> Word {
    match deed {
        Deed::SettingKept => Word::DeedSettingKept,
        Deed::SettingRemoved => Word::DeedSettingRemoved,
        Deed::Login => Word::DeedLogin,
        Deed::LoginRefused => Word::DeedLoginRefused,
        Deed::Logout => Word::DeedLogout,
        Deed::Forbidden => Word::DeedForbidden,
        Deed::AccountAdded => Word::DeedAccountAdded,
        Deed::AccountChanged => Word::DeedAccountChanged,
        Deed::PasswordChanged => Word::DeedPasswordChanged,
        Deed::LinkMade => Word::DeedLinkMade,
        Deed::SubjectLinked => Word::DeedSubjectLinked,
        Deed::TokenIssued => Word::DeedTokenIssued,
        Deed::TokenUsed => Word::DeedTokenUsed,
        Deed::TokenRevoked => Word::DeedTokenRevoked,
        Deed::Decided => Word::DeedDecided,
        Deed::BookImported => Word::DeedBookImported,
        Deed::BatchesImported => Word::DeedBatchesImported,
        Deed::LedgerChanged => Word::DeedLedgerChanged,
        Deed::ProfileKept => Word::DeedProfileKept,
        Deed::RegisterKept => Word::DeedRegisterKept,
        Deed::RegisterRemoved => Word::DeedRegisterRemoved,
        Deed::AgentTrusted => Word::DeedAgentTrusted,
        Deed::AgentStopped => Word::DeedAgentStopped,
        Deed::AgentInvited => Word::DeedAgentInvited,
        Deed::AgentEnrolled => Word::DeedAgentEnrolled,
        Deed::AgentRevoked => Word::DeedAgentRevoked,
        Deed::ScheduleAdded => Word::DeedScheduleAdded,
        Deed::ObservationsFolded => Word::DeedObservationsFolded,
        Deed::DatabaseMoved => Word::DeedDatabaseMoved,
        Deed::ScheduleRemoved => Word::DeedScheduleRemoved,
        Deed::ScanWanted => Word::DeedScanWanted,
        Deed::ViewKept => Word::DeedViewKept,
        Deed::ViewRemoved => Word::DeedViewRemoved,
        Deed::SiteTrusted => Word::DeedSiteTrusted,
        Deed::SnapshotTaken => Word::DeedSnapshotTaken,
        Deed::SnapshotImported => Word::DeedSnapshotImported,
        Deed::Counted => Word::DeedCounted,
        Deed::SignedOff => Word::DeedSignedOff,
        Deed::Exported => Word::DeedExported,
        Deed::SecretSet => Word::DeedSecretSet,
        Deed::SecretRemoved => Word::DeedSecretRemoved,
        Deed::SecretsRekeyed => Word::DeedSecretsRekeyed,
        Deed::NotifyTested => Word::DeedNotifyTested,
    }
}
