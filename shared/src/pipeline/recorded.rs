//! Which requests the audit trail records, and the people whom a row can name before anything is read.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::access::{Act, Action};
use crate::audit::{Entry, Subjects};
use crate::request::Request;
use crate::store::Load;
use crate::targets::Target;

/// Returns the function's name if the audit trail records its requests, or some of them.
pub(super) fn operation<A: Action>() -> Option<&'static str> {
    A::ID.is_recorded().then(|| A::ID.function())
}

/// Whether the audit trail records a request with this entry. A request about doctors is recorded only if it tells who
/// treats a patient. Then the entry names this patient.
pub(super) fn is_recorded(act: Act, entry: &Entry) -> bool {
    !act.shows_doctors() || entry.names_a_patient()
}

/// Returns the people whom a request names: in its path, and if it is valid in its target's name.
pub(super) fn named<A: Action<Target: Target>>(
    request: &Request,
    name: Option<&<A::Target as Load>::Name>,
) -> Subjects {
    let mut named = in_path(request);
    named.patients.extend(name.and_then(A::Target::patient));
    named.doctors.extend(name.and_then(A::Target::doctor));
    named.accounts.extend(name.and_then(A::Target::account));
    named
}

/// Returns the people whose ids are in the path. They are known even if the body or the query is invalid.
fn in_path(request: &Request) -> Subjects {
    Subjects {
        patients: ids(request, "/api/patients/", "patient_id"),
        doctors: ids(request, "/api/doctors/", "doctor_id"),
        accounts: ids(request, "/api/users/", "user_id"),
    }
}

/// Returns the valid ids in the path: in the variable with this name, and in `id` if the path is below this collection.
fn ids<I: FromStr + Ord>(request: &Request, collection: &str, name: &str) -> BTreeSet<I> {
    let of_collection = request.path().contains(collection).then_some("id");
    let names = of_collection.into_iter().chain([name]);
    names.filter_map(|name| request.path_id(name, "person").ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::Granted;
    use crate::context::Context;
    use crate::model::user::Role;
    use crate::response::{ApiResult, no_content};
    use crate::store::{
        AddDisclosure, AddProxy, GrantEmergencyAccess, ListAccesses, SetCover, UpdateAccount,
        UpdateAssignment,
    };
    use crate::testing::{Event, World, protected, run};

    async fn answer<A: Action>(_context: Context, _by: Granted<A>) -> ApiResult {
        no_content()
    }

    /// Makes a refused request with an invalid query and without a body. Returns the patients, the doctors and the accounts
    /// whom its only row names.
    async fn named_in<A: Action<Target: Target>>(event: Event) -> Value {
        let world = World::new().await;
        let pending = world.actor(Role::Pending).await;
        let event = event.query(&[("limit", "none")]).text("").by(&pending);
        let refused = world.call(protected(answer::<A>), event).await;
        refused.expect_problem(403, "permission_denied");
        let rows = world.audit_rows().await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let Subjects { patients, doctors, accounts } = &rows[0].facts.subjects;
        json!([patients, doctors, accounts])
    }

    #[test]
    fn row_of_an_invalid_request_names_the_people_in_its_path() {
        run(async |_: World| {
            let of = |name: &str, id: &str| Event::of(name).path_parameter("id", id);
            let patient = json!([[7], [], []]);
            assert_eq!(named_in::<AddDisclosure>(of("disclosures-create", "7")).await, patient);
            assert_eq!(named_in::<AddProxy>(of("proxies-create", "7")).await, patient);
            assert_eq!(named_in::<GrantEmergencyAccess>(of("emergency-grant", "7")).await, patient);
            assert_eq!(named_in::<ListAccesses>(of("accesses-list", "7")).await, patient);
            assert_eq!(named_in::<SetCover>(of("covers-set", "7")).await, json!([[], [7], []]));
            assert_eq!(
                named_in::<UpdateAccount>(of("users-update", "7")).await,
                json!([[], [], [7]])
            );
            let pair = Event::of("mappings-update").path_parameter("patient_id", "7");
            let pair = pair.path_parameter("doctor_id", "8");
            assert_eq!(named_in::<UpdateAssignment>(pair).await, json!([[7], [8], []]));
        });
    }

    #[test]
    fn invalid_id_in_the_path_names_nobody() {
        run(async |_: World| {
            for id in ["abc", "0", "-7"] {
                let event = Event::of("disclosures-create").path_parameter("id", id);
                assert_eq!(named_in::<AddDisclosure>(event).await, json!([[], [], []]), "{id}");
            }
        });
    }
}
