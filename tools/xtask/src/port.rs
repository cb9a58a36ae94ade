//! Ports of this machine: the API's own, and the one behind it that `cargo lambda watch` takes.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};

use ops::Result;

/// A port of 127.0.0.1 that nobody else can take while this lives.
pub struct Port {
    number: u16,
    listener: TcpListener,
}

impl Port {
    /// 0 stands for any that is free.
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

    /// The API's URL, with its final slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.number)
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// To take connections there.
    pub fn into_listener(self) -> TcpListener {
        self.listener
    }

    /// Lets go of it.
    pub fn release(self) -> u16 {
        self.number
    }
}
