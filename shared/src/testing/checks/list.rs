//! Checks of the lists of doctors and patients.

use super::*;

pub fn lists_records_in_the_order_of_names<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        for n in [3, 1, 5, 2, 4] {
            world.record::<D>(n).await;
        }
        let seen = walk(&world, handler, event::<D>("list"), &staff).await;
        let name = |record: &Value| record["last_name"].clone();
        let sample = |n: u32| name(&D::sample(n));
        assert_eq!(
            seen.iter().map(name).collect::<Vec<_>>(),
            (1..=5).map(sample).collect::<Vec<_>>()
        );
        assert!(seen.iter().all(|record| record.get("medical_history").is_none()));
    });
}

pub fn search_finds_the_beginning_of_a_last_name<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let record = world.record::<D>(17).await;
        world.record::<D>(2).await;
        let search = async |search: &str| {
            let event = event::<D>("list").query(&[("search", search)]).by(&staff);
            world.call(handler.clone(), event).await
        };
        let name = json!(record)["last_name"].as_str().expect("a name").to_uppercase();
        let found = search(&name[..name.len() - 1]).await.expect(200);
        let ids: Vec<_> = found["results"].as_array().expect("results").iter().collect();
        assert_eq!((ids.len(), &ids[0]["id"]), (1, &json!(record.id)));
        assert_eq!(search("nobody").await.expect(200)["results"], json!([]));
        let problem = search(&"x".repeat(300)).await.expect_problem(400, "invalid_query");
        assert!(problem["errors"]["search"].is_array());
    });
}

/// Each of the `criteria` finds the sample 17 with an identifier.
pub fn search_finds_by_each_criterion<D: Sample + RecordActs>(
    handler: impl Handler,
    criteria: &[(&str, &str)],
) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let record = world.record::<D>(17).await;
        identify(&world, &staff, &record).await;
        for (field, value) in criteria {
            let get = event::<D>("list").query(&[(*field, *value)]);
            let post =
                event::<D>("list").method("POST").query(&[]).json(json!({ (*field): value }));
            for event in [get, post] {
                let found = world.call(handler.clone(), event.by(&staff)).await.expect(200);
                let results = found["results"].as_array().expect("results");
                let ids: Vec<&Value> = results.iter().map(|record| &record["id"]).collect();
                assert_eq!(ids, [&json!(record.id)], "{field} {value}");
                assert!(results[0].get("medical_history").is_none());
            }
            if *field != "search" {
                let both = event::<D>("list").query(&[(*field, *value), ("search", "nobody")]);
                let found = world.call(handler.clone(), both.by(&staff)).await.expect(200);
                assert_eq!(found["results"], json!([]), "{field} {value}");
            }
        }
    });
}

/// GET and POST share cursors; another search has others.
pub fn search_is_read_in_pages<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        let name = |n: u32| D::sample(n)["last_name"].clone();
        for n in 1..=5 {
            world.record::<D>(n).await;
        }
        let word = name(1).as_str().and_then(|it| it.split(' ').next()).map(str::to_owned);
        let word = word.expect("a name");
        let (mut seen, mut cursor) = (Vec::new(), None);
        for number in 0.. {
            let page = if number % 2 == 0 {
                let mut query = vec![("search", word.as_str()), ("limit", "2")];
                query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                event::<D>("list").query(&query)
            } else {
                let body = json!({ "search": word, "limit": 2, "cursor": cursor });
                event::<D>("list").method("POST").query(&[]).json(body)
            };
            let page = world.call(handler.clone(), page.by(&staff)).await.expect(200);
            seen.extend(page["results"].as_array().expect("results").iter().cloned());
            cursor = page["next"].as_str().map(str::to_owned);
            let Some(next) = &cursor else { break };
            let other = [("search", "another"), ("cursor", next.as_str())];
            let other = event::<D>("list").query(&other).by(&staff);
            let other = world.call(handler.clone(), other).await;
            other.expect_problem(400, "invalid_query");
        }
        let names: Vec<Value> = seen.iter().map(|record| record["last_name"].clone()).collect();
        assert_eq!(names, (1..=5).map(name).collect::<Vec<_>>());
    });
}

pub fn invalid_limit_and_cursor_are_named<D: Sample + RecordActs>(handler: impl Handler) {
    run(async |world| {
        let staff = world.actor(Role::Staff).await;
        world.record::<D>(1).await;
        world.record::<D>(2).await;
        let list = async |query: &[(&str, &str)]| {
            world.call(handler.clone(), event::<D>("list").query(query).by(&staff)).await
        };
        let bad = [("limit", "0"), ("limit", "101"), ("limit", "abc"), ("cursor", "abc")];
        for (name, value) in bad {
            let problem = list(&[(name, value)]).await.expect_problem(400, "invalid_query");
            assert!(problem["errors"][name].is_array(), "{problem}");
        }
        let page = list(&[("limit", "1")]).await.expect(200);
        let next = page["next"].as_str().expect("a second page");
        let of_another_list = list(&[("search", "a"), ("cursor", next)]).await;
        of_another_list.expect_problem(400, "invalid_query");
    });
}
