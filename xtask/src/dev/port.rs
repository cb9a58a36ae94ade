//! The port of the API, held until `cargo lambda watch` takes it.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};

use crate::Result;

/// A port of 127.0.0.1 that nobody else can take while this lives.
pub struct Port {
    number: u16,
    _listener: TcpListener,
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
        Ok(Self { number, _listener: listener })
    }

    /// The API's URL, with its final slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.number)
    }

    /// Lets go of it.
    pub fn release(self) -> u16 {
        self.number
    }
}
