//! Sessions, stored beside their account.

use aws_sdk_dynamodb::types::AttributeValue;

use super::key::{self, Key};
use super::{Table, TableError};
use crate::model::session::Session;

impl Table {
    /// Opens a session under its random id. Calls: Put.
    pub async fn open_session(&self, session: &Session) -> Result<(), TableError> {
        let mut item = key::item(session, Key::session(session.user_id, &session.id))?;
        let expiry = session.expires_at.as_second().to_string();
        item.insert("ttl".to_owned(), AttributeValue::N(expiry));
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await?;
        Ok(())
    }
}
