//! What kind of thing a device is, and which kinds are finer names for others.

use serde::{Deserialize, Serialize};

/// What kind of thing a device is. "Unknown" with its evidence is an honest answer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// サーバ.
    Server,
    /// 仮想化基盤: a host of virtual machines.
    Hypervisor,
    /// 管理コントローラ: the controller of a server's board (iLO, iDRAC, iRMC).
    Bmc,
    /// 端末PC.
    Pc,
    /// シンクライアント.
    ThinClient,
    /// オンライン資格確認端末.
    EligibilityTerminal,
    /// スマートフォン・タブレット.
    Mobile,
    /// プリンタ that is no multifunction printer.
    Printer,
    /// 複合機.
    Mfp,
    /// スキャナ.
    Scanner,
    /// UTM or firewall.
    Firewall,
    /// ルータ.
    Router,
    /// スイッチ.
    Switch,
    /// ハブ: without management, inferred.
    Hub,
    /// 無線アクセスポイント.
    Wireless,
    /// NAS.
    Nas,
    /// 無停電電源装置.
    Ups,
    /// Power distribution unit: コンセントバー.
    Pdu,
    /// IP電話機, and the exchanges and gateways of telephony.
    Phone,
    /// カメラ, and what records them.
    Camera,
    /// 画像診断装置: an imaging modality.
    Modality,
    /// ベッドサイド機器: monitors, ventilators, pumps.
    Bedside,
    /// 検査装置: laboratory.
    Laboratory,
    /// ナースコール.
    NurseCall,
    /// 医療機器 of a kind that is not known.
    Medical,
    /// 設備・制御機器: building automation, industrial control, sensors of rooms.
    Ot,
    /// Known for what it is, and none of these: consoles, load balancers, optical gear, displays.
    Other,
    /// 不明: nothing said what it is, or what was said contradicts itself.
    #[default]
    Unknown,
}

impl Class {
    /// The class of which this is a finer name.
    pub const fn coarser(self) -> Option<Self> {
        match self {
            Self::Hypervisor | Self::Bmc => Some(Self::Server),
            Self::ThinClient | Self::EligibilityTerminal => Some(Self::Pc),
            Self::Mfp => Some(Self::Printer),
            Self::Hub => Some(Self::Switch),
            Self::Modality | Self::Bedside | Self::Laboratory | Self::NurseCall => {
                Some(Self::Medical)
            }
            Self::Server
            | Self::Pc
            | Self::Mobile
            | Self::Printer
            | Self::Scanner
            | Self::Firewall
            | Self::Router
            | Self::Switch
            | Self::Wireless
            | Self::Nas
            | Self::Ups
            | Self::Pdu
            | Self::Phone
            | Self::Camera
            | Self::Medical
            | Self::Ot
            | Self::Other
            | Self::Unknown => None,
        }
    }

    /// Whether this is a finer name for `other`.
    pub fn refines(self, other: Self) -> bool {
        self.coarser() == Some(other)
    }

    /// Whether both can be said of one device: they are the same, or one is a finer name of the other.
    pub fn agrees(self, other: Self) -> bool {
        self == other || self.refines(other) || other.refines(self)
    }

    /// Whether other devices hang on it by the network.
    pub const fn is_network(self) -> bool {
        matches!(self, Self::Firewall | Self::Router | Self::Switch | Self::Hub | Self::Wireless)
    }

    /// Whether it is a computer that people or programs use, so that a version it tells is its
    /// operating system's.
    pub const fn is_computer(self) -> bool {
        matches!(
            self,
            Self::Server
                | Self::Hypervisor
                | Self::Pc
                | Self::ThinClient
                | Self::EligibilityTerminal
        )
    }
}
