//! A DynamoDB in this process: dynoxide, an emulator on SQLite, which speaks the real wire protocol.

mod tables;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use dynoxide::actions::scan::ScanRequest;
use dynoxide::errors::DynoxideError;
use dynoxide::server::serve_with_shutdown;
use dynoxide::{Database, ImportOptions};
use repo::template::TABLE_NAME;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::{Aws, DynamoDb};

pub use dynoxide::types::{AttributeValue, Item};
pub use tables::{TableError, create_missing_tables, create_tables};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A running emulator. When it is dropped, it completes the requests in progress and stops.
pub struct Emulator {
    address: SocketAddr,
    database: Database,
    /// Stops the server when it is dropped.
    _running: oneshot::Sender<()>,
}

/// Returns the settings of a client for a DynamoDB that checks no credentials, such as an emulator.
pub fn settings(endpoint: String) -> DynamoDb {
    DynamoDb { aws: Aws::anybody(), endpoint: Some(endpoint) }
}

/// The reason why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    #[error("cannot listen on {0}")]
    Listen(IpAddr, #[source] io::Error),
    #[error("cannot open the emulator's tables")]
    Open(#[from] DynoxideError),
    #[error("the file name {} is not UTF-8, which SQLite requires", .0.display())]
    Name(PathBuf),
}

impl Emulator {
    /// Starts an emulator with its tables in memory, within the running tokio runtime.
    ///
    /// # Errors
    /// No port of 127.0.0.1 is free.
    pub async fn in_memory() -> Result<Self, EmulatorError> {
        Self::in_memory_at(LOCALHOST).await
    }

    /// Starts an emulator like [`Emulator::in_memory`] on another address of this machine. Everyone who can reach the
    /// address can read and write the tables.
    ///
    /// # Errors
    /// This machine does not have the address, or no port of it is free.
    pub async fn in_memory_at(address: IpAddr) -> Result<Self, EmulatorError> {
        Self::start(Database::memory()?, address).await
    }

    /// Starts an emulator with its tables in a SQLite file, within the running tokio runtime. Creates the file if it
    /// does not exist. Only one emulator at a time may use a file.
    ///
    /// # Errors
    /// The file cannot be opened, its name is not UTF-8, or no port of 127.0.0.1 is free.
    pub async fn on_file(path: &Path) -> Result<Self, EmulatorError> {
        let name = path.to_str().ok_or_else(|| EmulatorError::Name(path.to_owned()))?;
        Self::start(Database::new(name)?, LOCALHOST).await
    }

    async fn start(database: Database, address: IpAddr) -> Result<Self, EmulatorError> {
        let cannot = |error| EmulatorError::Listen(address, error);
        let listener = TcpListener::bind((address, 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (running, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve_with_shutdown(listener, database.clone(), async {
            // Nothing is ever sent. The channel closes when the sender is dropped.
            let _ = stopped.await;
        }));
        Ok(Self { address, database, _running: running })
    }

    /// Returns the emulator's endpoint, as an `AWS_ENDPOINT_URL_DYNAMODB`: `http://<address>:<port>`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the rows of the main table, up to one megabyte.
    ///
    /// # Errors
    /// The table does not exist.
    pub fn rows(&self) -> Result<Vec<Item>, DynoxideError> {
        let all = ScanRequest { table_name: TABLE_NAME.to_owned(), ..ScanRequest::default() };
        Ok(self.database.scan(all)?.items.unwrap_or_default())
    }

    /// Puts rows into the main table without a request, which is a hundred times as fast.
    ///
    /// # Errors
    /// The table does not exist, or a row has no key.
    pub fn import(&self, rows: Vec<Item>) -> Result<(), DynoxideError> {
        self.database.import_items(TABLE_NAME, rows, ImportOptions::default()).map(drop)
    }
}
