//! The state of a running function: the store, the token keys, the clock, the rules.

use std::fmt;
use std::sync::Arc;

use crate::access::{Decide, Relations, decide};
use crate::audit::{AuditSink, NoTrail};
use crate::auth::ed25519;
use crate::auth::password::HashSlots;
use crate::auth::verifier::Verifier;
use crate::config::{self, Config, Tokens};
use crate::dynamo::client;
use crate::model::timestamp::Timestamp;
use crate::response_policy::ResponsePolicy;
use crate::store::{CareRelations, Store};
use crate::system::{Clock, System};

/// Cheap to clone; every request gets its own handle.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    store: Store,
    verifier: Verifier,
    hash_slots: Arc<HashSlots>,
    response_policy: Arc<ResponsePolicy>,
    system: System,
    rules: Rules,
}

/// The decision, the source of relations and the audit sink that the pipeline uses.
pub struct Rules {
    pub(crate) decide: Decide,
    pub(crate) relations: Box<dyn Relations>,
    pub(crate) audit: Box<dyn AuditSink>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { decide, relations: Box::new(CareRelations), audit: Box::new(NoTrail) }
    }
}

impl App {
    pub fn new(config: Config) -> Self {
        let Config { dynamodb, table_name, keys_table_name, tokens, responses, memory_mib, .. } =
            config;
        let store = Store::new(client(&dynamodb), table_name, keys_table_name);
        let clock = Arc::new(Timestamp::system);
        Self::with(store, tokens, responses, memory_mib, clock, Rules::default())
    }

    /// With an injected store, clock and rules.
    pub fn with(
        store: Store,
        tokens: Tokens,
        responses: config::Responses,
        memory_mib: usize,
        clock: Clock,
        rules: Rules,
    ) -> Self {
        ed25519::install();
        Self(Arc::new(Parts {
            store,
            verifier: Verifier::new(tokens),
            hash_slots: Arc::new(HashSlots::new(memory_mib)),
            response_policy: Arc::new(ResponsePolicy::new(responses)),
            system: System::new(clock),
            rules,
        }))
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    pub fn hash_slots(&self) -> &Arc<HashSlots> {
        &self.0.hash_slots
    }

    pub fn response_policy(&self) -> &Arc<ResponsePolicy> {
        &self.0.response_policy
    }

    pub fn system(&self) -> &System {
        &self.0.system
    }

    pub fn now(&self) -> Timestamp {
        self.0.system.now()
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0.rules
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("store", &self.0.store).finish_non_exhaustive()
    }
}
