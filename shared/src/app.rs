//! The state of a running function: the store, the token keys, the clock, the rules.

use std::fmt;
use std::sync::Arc;

use crate::access::{Decide, Relations, decide};
use crate::audit::{Entry, Facts, Trail, Witness};
use crate::auth::ed25519;
use crate::auth::password::HashSlots;
use crate::auth::verifier::Verifier;
use crate::config::Config;
use crate::dynamo::{Client, Table, client};
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
    trail: Arc<Trail>,
    rules: Rules,
}

/// The decision and the source of relations that the pipeline uses.
pub struct Rules {
    pub(crate) decide: Decide,
    pub(crate) relations: Box<dyn Relations>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { decide, relations: Box::new(CareRelations) }
    }
}

impl App {
    pub fn new(config: Config) -> Self {
        let dynamodb = client(&config.dynamodb);
        Self::with(dynamodb, config, Arc::new(Timestamp::system), Rules::default())
    }

    /// With an injected client of DynamoDB, clock and rules.
    pub fn with(dynamodb: Client, config: Config, clock: Clock, rules: Rules) -> Self {
        ed25519::install();
        let Config { table_name, keys_table_name, audit, tokens, responses, memory_mib, .. } =
            config;
        let names = [table_name, keys_table_name, audit.table_name.clone()];
        let store = Store::new(dynamodb.clone(), names);
        let system = System::new(clock);
        let table = Table::new(dynamodb, audit.table_name);
        let trail = Trail::new(table, audit.retention, &audit.address_key, system.clone());
        Self(Arc::new(Parts {
            store,
            verifier: Verifier::new(tokens),
            hash_slots: Arc::new(HashSlots::new(memory_mib)),
            response_policy: Arc::new(ResponsePolicy::new(responses)),
            system,
            trail: Arc::new(trail),
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

    /// Returns a store for work without a request, whose changes the audit trail records under the function's name, and
    /// what collects their rows for the log.
    pub fn store_of(&self, operation: &'static str) -> (Store, Witness) {
        let facts = Facts { operation: operation.into(), ..Facts::default() };
        let witness = Witness::default();
        let entry = Entry::new(self.trail().clone(), witness.clone(), facts);
        (self.store().recorded_by(entry), witness)
    }

    pub(crate) fn trail(&self) -> &Arc<Trail> {
        &self.0.trail
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
