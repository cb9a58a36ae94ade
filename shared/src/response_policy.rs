//! The policy for every response: which web pages may read it, and which metrics its log line carries. Also what the
//! answers say about the operator.

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

    /// Whether the answer that is being written is the first of this process.
    pub fn is_first_answer(&self) -> bool {
        !self.has_answered.swap(true, Ordering::Relaxed)
    }
}
