//! What a function holds while it lives: the table, the keys, the clock.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use crate::auth::admitted::Admitted;
use crate::auth::ed25519;
use crate::auth::keyring::Keyring;
use crate::auth::password::Places;
use crate::auth::verified_tokens::VerifiedTokens;
use crate::config::{self, Config, Tokens};
use crate::edge::{Clock, Edge};
use crate::error::ApiError;
use crate::model::timestamp::Timestamp;
use crate::table::{Table, client};

/// Cheap to clone; every request gets its own handle.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    table: Table,
    keyring: Keyring,
    verified_tokens: VerifiedTokens,
    admitted: Admitted,
    tokens: Tokens,
    places: Places,
    edge: Arc<Edge>,
    random: SystemRandom,
}

impl App {
    pub fn new(config: Config) -> Self {
        let Config { dynamodb, table_name, keys_table_name, tokens, edge, memory_mib, .. } = config;
        let table = Table::new(client(&dynamodb), table_name, keys_table_name);
        Self::with(table, tokens, edge, memory_mib, Box::new(Timestamp::system))
    }

    /// From parts that are not the usual ones.
    pub fn with(
        table: Table,
        tokens: Tokens,
        edge: config::Edge,
        memory_mib: usize,
        clock: Clock,
    ) -> Self {
        ed25519::install();
        Self(Arc::new(Parts {
            table,
            keyring: Keyring::default(),
            verified_tokens: VerifiedTokens::default(),
            admitted: Admitted::default(),
            tokens,
            places: Places::new(memory_mib),
            edge: Arc::new(Edge::new(edge, clock)),
            random: SystemRandom::new(),
        }))
    }

    pub fn table(&self) -> &Table {
        &self.0.table
    }

    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    pub(crate) fn verified_tokens(&self) -> &VerifiedTokens {
        &self.0.verified_tokens
    }

    pub(crate) fn admitted(&self) -> &Admitted {
        &self.0.admitted
    }

    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub fn places(&self) -> &Places {
        &self.0.places
    }

    pub fn edge(&self) -> &Arc<Edge> {
        &self.0.edge
    }

    pub fn now(&self) -> Timestamp {
        self.0.edge.now()
    }

    /// `N` random bytes in base64url.
    pub fn random_text<const N: usize>(&self) -> Result<String, ApiError> {
        self.random_bytes::<N>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `N` bytes of the system's secure randomness.
    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N], ApiError> {
        let mut bytes = [0; N];
        self.0
            .random
            .fill(&mut bytes)
            .map_err(|_| ApiError::internal("the system gives no randomness"))?;
        Ok(bytes)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("table", &self.0.table).finish_non_exhaustive()
    }
}
