//! Patterns, as rows of data, that turn evidence into claims of what a device is.

use serde::{Deserialize, Serialize};

/// What kind of thing a device is. "Unknown" with its evidence is an honest answer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// サーバ.
    Server,
    /// 端末PC.
    Pc,
    /// プリンタ that is no multifunction printer.
    Printer,
    /// 複合機.
    Mfp,
    /// UTM or firewall.
    Firewall,
    /// ルータ.
    Router,
    /// スイッチ.
    Switch,
    /// 無線アクセスポイント.
    Wireless,
    /// NAS.
    Nas,
    /// 無停電電源装置.
    Ups,
    /// IP電話機.
    Phone,
    /// カメラ.
    Camera,
    /// 医療機器 of any kind.
    Medical,
    /// 不明: nothing said what it is, or what was said contradicts itself.
    #[default]
    Unknown,
}

/// The fingerprint rows, parsed and checked.
#[derive(Clone, Debug, Default)]
pub struct Rows {}
