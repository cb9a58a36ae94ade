//! The network address that a request comes from, in the form that throttles use.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 address, or the /64 network of an IPv6 address: one subscriber has the whole network.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceAddress(IpAddr);

impl SourceAddress {
    /// The address of every request without a source address. All these requests share one throttle.
    pub const UNKNOWN: Self = Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
}

impl FromStr for SourceAddress {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text.parse::<IpAddr>()?.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                IpAddr::V6(network.into())
            }
            v4 => v4,
        }))
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Hides the address: it is personal data, and `Debug` output reaches the logs.
impl fmt::Debug for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted_as(text: &str) -> String {
        text.parse::<SourceAddress>().unwrap().to_string()
    }

    #[test]
    fn ipv6_is_counted_by_network_and_ipv4_by_address() {
        assert_eq!(counted_as("203.0.113.10"), "203.0.113.10");
        assert_eq!(counted_as("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted_as("2001:db8:1:2:ffff::"), "2001:db8:1:2::");
        assert_eq!(counted_as("::ffff:203.0.113.10"), "203.0.113.10");
        assert!("elsewhere".parse::<SourceAddress>().is_err());
    }
}
