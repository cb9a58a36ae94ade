//! The policy for every response: which web pages may read it, which metrics its log line carries, and whether a change
//! needs a precondition. Also what the answers say about the operator.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config;

/// One for all requests of a process.
#[derive(Debug)]
pub struct ResponsePolicy {
    config: config::Responses,
    has_answered: AtomicBool,
}

impl ResponsePolicy {
    pub fn new(config: config::Responses) -> Self {
        Self { config, has_answered: AtomicBool::new(false) }
    }

    /// Returns the namespace of metrics; `None` if log lines carry no metrics.
    pub fn metrics_namespace(&self) -> Option<&str> {
        self.config.metrics_namespace.as_deref()
    }

    /// Returns the origins whose web pages may call the API.
    pub fn cors_origins(&self) -> &[String] {
        &self.config.cors_origins
    }

    /// Returns the URL to which vulnerabilities are reported, if the operator gives one.
    pub fn security_contact(&self) -> Option<&str> {
        self.config.security_contact.as_deref()
    }

    /// Whether the change of a record without `If-Match` is a 428.
    pub fn requires_if_match(&self) -> bool {
        self.config.requires_if_match
    }

    /// Whether the answer that is being written is the first of this process.
    pub fn is_first_answer(&self) -> bool {
        !self.has_answered.swap(true, Ordering::Relaxed)
    }
}
