//! Ports of this machine: the API's, and the one of `cargo lambda watch` behind the gateway.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};

use ops::Result;

/// A port of 127.0.0.1 that no other process can take while this exists.
pub struct Port {
    number: u16,
    listener: TcpListener,
}

impl Port {
    /// Reserves a port; 0 chooses a free one.
    pub fn reserve(number: u16) -> Result<Self> {
        let cannot = |error: io::Error| match error.kind() {
            ErrorKind::AddrInUse => {
                format!("port {number} is in use; end what uses it, or choose another with --port")
            }
            _ => format!("cannot listen on port {number}: {error}"),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).map_err(cannot)?;
        let number = listener.local_addr()?.port();
        Ok(Self { number, listener })
    }

    /// Returns the API's URL, with a final slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.number)
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Returns the listener, which accepts connections at the port.
    pub fn into_listener(self) -> TcpListener {
        self.listener
    }

    /// Frees the port and returns its number.
    pub fn release(self) -> u16 {
        self.number
    }
}
