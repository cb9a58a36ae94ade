//! The events in template.yaml that invoke a function.

use serde::Deserialize;

use super::Route;

/// An event of a function: a request to the API, a schedule, or one that this module does not read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Event {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    method: Option<String>,
    path: Option<String>,
    schedule: Option<String>,
}

impl Event {
    /// Returns the route; `None` for an event that is not a request to the API.
    pub fn route(&self) -> Option<Route> {
        if self.kind != "Api" {
            return None;
        }
        Some(Route::new(self.properties.method.as_deref()?, self.properties.path.clone()?))
    }

    /// Returns the expression of a schedule; `None` for an event of another kind.
    pub fn schedule(&self) -> Option<String> {
        self.properties.schedule.clone().filter(|_| self.kind == "Schedule")
    }
}
