use std::fs;

use repo::generated::openapi_json;
use repo::root::repository;
use shared::config::Responses;
use shared::model::timestamp::Timestamp;
use shared::testing::{Answer, Event, World, run, without_app};

use super::{FILES, docs};

async fn get(world: &World, path: &str) -> Answer {
    world.call(without_app(docs), Event::of("docs").path(path)).await
}

async fn get_file(world: &World, name: &str) -> Answer {
    let path = format!("/api/docs/{name}");
    let event = Event::of("docs").path(&path).path_parameter("file", name);
    world.call(without_app(docs), event).await
}

#[test]
fn contract_is_openapi_yaml_and_may_be_cached() {
    let yaml = fs::read_to_string(repository().join("openapi.yaml")).unwrap();
    run(async |world| {
        for path in ["/api/openapi.json", "/api/openapi.json/"] {
            let answer = get(&world, path).await;
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
            assert_eq!(answer.text(), openapi_json(&yaml).unwrap());
            assert_eq!(answer.expect(200)["openapi"], "3.1.0");
        }
    });
}

#[test]
fn page_has_nothing_inline_and_loads_nothing_from_other_origins() {
    run(async |world| {
        let answer = get(&world, "/api/docs/").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");

        let page = answer.text();
        assert!(page.contains("<!doctype html>"));
        assert!(!page.contains("<style") && !page.contains("://"), "{page}");
        assert_eq!(page.matches("<script").count(), page.matches("<script src=").count());
        for attribute in ["src=\"", "href=\""] {
            for link in page.split(attribute).skip(1) {
                let link = link.split('"').next().unwrap();
                let is_ours = FILES.iter().any(|(name, ..)| *name == link);
                assert!(is_ours || ["../openapi.json", "data:,"].contains(&link), "{link}");
            }
        }
    });
}

#[test]
fn page_without_its_final_slash_redirects_behind_any_stage() {
    run(async |world| {
        let answer = get(&world, "/api/docs").await;
        assert_eq!((answer.status, answer.header("location")), (308, Some("docs/")));
    });
}

#[test]
fn security_txt_names_the_operators_contact_and_expires() {
    run(async |world| {
        let contact = "mailto:security@clinic.example";
        let responses =
            Responses { security_contact: Some(contact.to_owned()), ..Responses::default() };
        let app = world.app_with_responses(responses);
        let event = Event::of("docs").path("/.well-known/security.txt");
        let answer = world.call_in(&app, without_app(docs), event).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        let text = answer.text();
        let (first, rest) = text.split_once('\n').unwrap();
        assert_eq!(first, format!("Contact: {contact}"));
        let expires = rest.strip_prefix("Expires: ").unwrap().trim_end();
        assert!(expires.parse::<Timestamp>().unwrap() > Timestamp::system());
    });
}

#[test]
fn without_a_contact_there_is_no_security_txt() {
    run(async |world| {
        get(&world, "/.well-known/security.txt").await.expect_problem(404, "not_found");
    });
}

#[test]
fn every_answer_asks_browsers_to_use_tls() {
    run(async |world| {
        for path in ["/api/docs/", "/.well-known/security.txt"] {
            let answer = get(&world, path).await;
            assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
        }
    });
}

#[test]
fn files_have_their_media_types_and_may_be_cached_for_an_hour() {
    run(async |world| {
        for (name, media_type) in [
            ("init.js", "text/javascript; charset=utf-8"),
            ("index.css", "text/css; charset=utf-8"),
            ("swagger-ui.css", "text/css; charset=utf-8"),
            ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ] {
            let answer = get_file(&world, name).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(media_type)));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(!answer.text().is_empty());
        }
        assert!(get_file(&world, "swagger-ui-bundle.js").await.text().contains("SwaggerUIBundle"));
        for name in ["nothing.js", "openapi.json", "../main.rs"] {
            get_file(&world, name).await.expect_problem(404, "not_found");
        }
    });
}
