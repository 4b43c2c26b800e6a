//! The caller's network address, as API Gateway saw it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address is its IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(IpAddr);

impl Address {
    /// The address of who has none: the operator, whose calls come through no gateway.
    pub const NONE: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// Reads `sourceIp`; `None` where it is no address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<IpAddr>()
            .ok()
            .map(|address| Self(address.to_canonical()))
    }

    /// What limits and failures are counted on: an IPv4 address, or the /64 of an IPv6 one, since
    /// whoever has one address of a /64 has them all.
    #[must_use]
    pub fn counted(&self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                format!("{}/64", Ipv6Addr::from_bits(network))
            }
        }
    }

    /// Whether one of `networks` has this address.
    #[must_use]
    pub fn is_within(&self, networks: &[IpNet]) -> bool {
        networks.iter().any(|network| network.contains(&self.0))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return Ok(());
        }
        self.0.fmt(f)
    }
}
