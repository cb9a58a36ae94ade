//! DynamoDB's calls, without the domain: reads, writes, transactions, and what can go wrong with them.
//!
//! [`crate::store`] says which items exist. No other module of what ships names DynamoDB's SDK.

mod backoff;
mod batch;
mod client;
mod conflict;
mod error;
mod expression;
#[cfg(feature = "operator")]
mod indexes;
mod item;
mod query;
mod table;
mod transaction;

pub use aws_sdk_dynamodb::Client;
pub use aws_sdk_dynamodb::types::AttributeValue;

pub use backoff::backoff;
pub use batch::{Items, ReadPlan};
pub use client::client;
#[cfg(feature = "testing")]
pub use client::config;
pub use error::DynamoError;
pub use expression::Expression;
#[cfg(feature = "operator")]
pub use indexes::TableIndex;
#[cfg(feature = "operator")]
pub use item::key_in;
pub use item::{Item, Key, number, parse, string, write};
pub use query::{Query, Rows};
pub use table::{Changed, Table};
pub use transaction::{End, MAX_ACTIONS, Outcome, Transaction};
