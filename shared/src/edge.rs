//! What becomes of every answer, whatever the function: which pages may read it, and what is counted of it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config;
use crate::model::timestamp::Timestamp;

/// Where the time comes from: the system, or a test.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// One for all requests of a process.
pub struct Edge {
    config: config::Edge,
    has_answered: AtomicBool,
    clock: Clock,
}

impl Edge {
    pub fn new(config: config::Edge, clock: Clock) -> Self {
        Self { config, has_answered: AtomicBool::new(false), clock }
    }

    /// The namespace of metrics, if there are any.
    pub fn metrics_namespace(&self) -> Option<&str> {
        self.config.metrics_namespace.as_deref()
    }

    /// The origins whose pages may call the API.
    pub fn cors_origins(&self) -> &[String] {
        &self.config.cors_origins
    }

    /// Whether the answer that is being written is the first.
    pub fn is_first_answer(&self) -> bool {
        !self.has_answered.swap(true, Ordering::Relaxed)
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
