//! /api/doctors/ and /api/patients/: tests for both.

use serde_json::{Value, json};

use crate::client::{Actor, User};
use crate::clinic::{self, NOBODY, eventually, unique};
use crate::json::{assert_contains, members, with, without};

struct Records {
    path: &'static str,
    body: fn() -> Value,
}

const KINDS: [Records; 2] = [
    Records { path: "/api/doctors/", body: clinic::doctor },
    Records { path: "/api/patients/", body: clinic::patient },
];

impl Records {
    fn path_of(&self, record: &Value) -> String {
        format!("{}{}/", self.path, record["id"])
    }
}

#[test]
fn create_returns_version_1_with_an_etag() {
    let staff = User::staff();
    for kind in KINDS {
        let body = (kind.body)();
        let created = staff.post(kind.path, &body).expect_status(201);
        let record = &created.json;
        assert_contains(record, &body);
        assert!(record["id"].as_u64().is_some_and(|id| id > 0), "{record}");
        assert_eq!(record["version"], 1);
        if let Some(location) = created.header("location") {
            assert!(location.ends_with(&kind.path_of(record)), "{location}");
        }

        let got = staff.get(&kind.path_of(record)).expect_status(200);
        assert_eq!(got.json, without(record, "possible_duplicates"));
        assert_eq!(got.etag(), created.etag());
    }
}

#[test]
fn text_is_trimmed() {
    let staff = User::staff();
    for kind in KINDS {
        let body = with(&(kind.body)(), "first_name", "  Ada\n");
        let record = staff.post(kind.path, &body).expect_status(201).json;
        assert_eq!(record["first_name"], "Ada");
    }
}

#[test]
fn put_replaces_the_record() {
    let staff = User::staff();
    for kind in KINDS {
        let created = staff.post(kind.path, &(kind.body)()).expect_status(201);
        let path = kind.path_of(&created.json);
        let body = with(&(kind.body)(), "first_name", "Ada");

        let replaced = staff.put(&path, &body).expect_status(200);
        assert_contains(&replaced.json, &body);
        assert_eq!(replaced.json["id"], created.json["id"]);
        assert_eq!(replaced.json["version"], 2);
        assert_ne!(replaced.etag(), created.etag());

        let got = staff.get(&path).expect_status(200);
        assert_eq!(got.json, replaced.json);
        assert_eq!(got.etag(), replaced.etag());
    }
}

#[test]
fn patch_keeps_absent_fields() {
    let staff = User::staff();
    for kind in KINDS {
        let body = (kind.body)();
        let record = staff.post(kind.path, &body).expect_status(201).json;
        let path = kind.path_of(&record);

        let patched = staff.patch(&path, &json!({"first_name": "Ada"}));
        let patched = patched.expect_status(200).json;
        assert_contains(&patched, &with(&body, "first_name", "Ada"));
        assert_eq!(staff.get(&path).expect_status(200).json, patched);
    }
}

#[test]
fn version_rises_with_every_change() {
    let staff = User::staff();
    for kind in KINDS {
        let record = staff.post(kind.path, &(kind.body)()).expect_status(201).json;
        let path = kind.path_of(&record);
        for version in 2..6 {
            let change = json!({"first_name": format!("Ada {version}")});
            let patched = staff.patch(&path, &change).expect_status(200).json;
            assert_eq!(patched["version"], version);
        }
    }
}

#[test]
fn if_match_permits_a_change_of_the_current_version() {
    let staff = User::staff();
    for kind in KINDS {
        let created = staff.post(kind.path, &(kind.body)()).expect_status(201);
        let path = kind.path_of(&created.json);
        let mut etag = created.etag();
        for (method, body) in [("PATCH", json!({"first_name": "Ada"})), ("PUT", (kind.body)())] {
            let change = staff.request(method, &path).header("if-match", &etag);
            etag = change.json(&body).send().expect_status(200).etag();
        }
        let any = staff.request("PATCH", &path).header("if-match", "*");
        let any = any.json(&json!({"first_name": "Eve"})).send();
        etag = any.expect_status(200).etag();

        let deletion = staff.request("DELETE", &path).header("if-match", &etag);
        deletion.send().expect_status(204);
    }
}

#[test]
fn repeated_change_is_made_once() {
    let staff = User::staff();
    for kind in KINDS {
        let created = staff.post(kind.path, &(kind.body)()).expect_status(201);
        let path = kind.path_of(&created.json);
        let change = || {
            let change = staff.request("PATCH", &path).header("if-match", &created.etag());
            let change = change.header("content-type", "application/merge-patch+json");
            change.body(json!({"first_name": "Ada"}).to_string()).send().expect_status(200)
        };
        let (changed, again) = (change(), change());
        assert_eq!((changed.etag(), changed.json), (again.etag(), again.json));
        assert_eq!(staff.get(&path).expect_status(200).json["version"], 2);
    }
}

#[test]
fn current_version_is_not_sent_again() {
    let staff = User::staff();
    for kind in KINDS {
        let created = staff.post(kind.path, &(kind.body)()).expect_status(201);
        let path = kind.path_of(&created.json);
        for method in ["GET", "HEAD"] {
            let read = |tags: &str| staff.request(method, &path).header("if-none-match", tags);
            let unchanged = read(&format!("\"9\", W/{}", created.etag())).send();
            assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""), "{unchanged}");
            assert_eq!(unchanged.etag(), created.etag());
            assert_eq!(read("\"9\"").send().status, 200);
        }
    }
}

#[test]
fn if_match_refuses_a_change_of_an_older_version() {
    let staff = User::staff();
    for kind in KINDS {
        let created = staff.post(kind.path, &(kind.body)()).expect_status(201);
        let path = kind.path_of(&created.json);
        let current = staff.patch(&path, &json!({"first_name": "Ada"}));
        let current = current.expect_status(200).json;

        for etag in [created.etag().as_str(), r#""another""#] {
            for (method, body) in [("PATCH", json!({"first_name": "Eve"})), ("PUT", (kind.body)())]
            {
                let change = staff.request(method, &path).header("if-match", etag);
                let refused = change.json(&body).send();
                refused.assert_problem(412, "precondition_failed");
            }
            let deletion = staff.request("DELETE", &path).header("if-match", etag);
            deletion.send().assert_problem(412, "precondition_failed");
        }
        assert_eq!(staff.get(&path).expect_status(200).json, current);
    }
}

#[test]
fn deleted_record_is_gone_and_its_id_is_not_reused() {
    let staff = User::staff();
    for kind in KINDS {
        let record = staff.post(kind.path, &(kind.body)()).expect_status(201).json;
        let path = kind.path_of(&record);
        staff.delete(&path).expect_status(204);

        for answer in [
            staff.get(&path),
            staff.put(&path, &(kind.body)()),
            staff.patch(&path, &json!({"first_name": "Ada"})),
            staff.delete(&path),
        ] {
            answer.assert_problem(404, "not_found");
        }

        let next = staff.post(kind.path, &(kind.body)()).expect_status(201).json;
        assert!(next["id"].as_u64() > record["id"].as_u64());
    }
}

#[test]
fn unknown_record_is_not_found() {
    let staff = User::staff();
    for kind in KINDS {
        let path = format!("{}{NOBODY}/", kind.path);
        for answer in [
            staff.get(&path),
            staff.put(&path, &(kind.body)()),
            staff.patch(&path, &json!({"first_name": "Ada"})),
            staff.delete(&path),
        ] {
            answer.assert_problem(404, "not_found");
        }
    }
}

#[test]
fn list_contains_a_record_until_it_is_deleted() {
    let staff = User::staff();
    for kind in KINDS {
        let record = staff.post(kind.path, &(kind.body)()).expect_status(201).json;
        let list = format!("{}?limit=100", kind.path);
        let found = eventually(
            || {
                let mut all = staff.walk(&list);
                all.retain(|listed| listed["id"] == record["id"]);
                all
            },
            |found| !found.is_empty(),
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["last_name"], record["last_name"]);

        staff.delete(&kind.path_of(&record)).expect_status(204);
        eventually(
            || staff.walk(&list),
            |all| all.iter().all(|listed| listed["id"] != record["id"]),
        );
    }
}

#[test]
fn page_has_results_and_next() {
    let staff = User::staff();
    for kind in KINDS {
        let page = staff.get(kind.path).expect_status(200).json;
        assert_eq!(members(&page), ["next", "results"]);
        assert!(page["results"].as_array().unwrap().len() <= 50);
    }
}

#[test]
fn search_returns_matching_last_names_in_order() {
    let staff = User::staff();
    for kind in KINDS {
        let family = format!("{}-", unique("Fam"));
        for branch in ["cedar", "Ash", "beech"] {
            let body = with(&(kind.body)(), "last_name", format!("{family}{branch}"));
            staff.post(kind.path, &body).expect_status(201);
        }

        for search in [family.clone(), family.to_uppercase(), family.to_lowercase()] {
            for limit in [1, 2, 100] {
                let path = format!("{}?search={search}&limit={limit}", kind.path);
                let found = eventually(|| staff.walk(&path), |found| found.len() == 3);
                let names: Vec<&str> =
                    found.iter().map(|record| record["last_name"].as_str().unwrap()).collect();
                let ordered = ["Ash", "beech", "cedar"].map(|branch| format!("{family}{branch}"));
                assert_eq!(names, ordered);
            }
        }

        // One word: a page of a search by several words may be short.
        let nobody = format!("{}?search={}", kind.path, unique("nobody").replace('-', ""));
        let page = staff.get(&nobody).expect_status(200).json;
        assert_eq!(page, json!({"results": [], "next": null}));
    }
}
