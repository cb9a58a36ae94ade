//! The files that are generated from the template's routes: the local router, and not-found's table of paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::template::{ANY, Template};

/// The methods that [`ANY`] includes: all that API Gateway supports.
pub const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The method that `not-found` itself answers for every path.
const OPTIONS: &str = "OPTIONS";

/// The function that answers requests without another route.
pub const NOT_FOUND: &str = "not-found";

const NOTICE: &str = "Generated from template.yaml by `cargo xtask generate`; do not edit.";

/// Returns every route: path → method → name of the function. Paths are the template's, methods include [`ANY`].
pub fn by_path(template: &Template) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    let mut paths = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (name, function) in &template.functions {
        for route in &function.routes {
            let methods = paths.entry(route.path.as_str()).or_default();
            methods.insert(route.method.as_str(), name.as_str());
        }
    }
    paths
}

/// Returns CargoLambda.toml: the routes of `cargo lambda watch`.
///
/// That router treats `/a` and `/a/` as two paths, and answers a method without a route with a 404 of its own. So the
/// file has each path in both forms, and each method that [`ANY`] includes.
pub fn cargo_lambda_toml(template: &Template) -> String {
    let mut toml = format!("# {NOTICE}\n\n[watch.router]\n");
    for (path, methods) in by_path(template) {
        let target = watch_target(&methods);
        for path in watch_paths(path) {
            toml.push_str(&format!("\"{path}\" = {target}\n"));
        }
    }
    toml
}

/// Returns a path in the syntax of matchit, the router of `cargo lambda watch`: `{*proxy}` for `{proxy+}`.
fn watch_paths(path: &str) -> Vec<String> {
    match path.split_once("+}") {
        // It matches everything that follows, including final slashes.
        Some((before, _)) => {
            let (before, name) = before.rsplit_once('{').unwrap_or((before, ""));
            vec![format!("{before}{{*{name}}}")]
        }
        None if path == "/" => vec![path.to_owned()],
        None => vec![path.to_owned(), format!("{path}/")],
    }
}

/// Returns the function, or one for each method, as a TOML value.
fn watch_target(methods: &BTreeMap<&str, &str>) -> String {
    let any = methods.get(ANY);
    if let (Some(function), 1) = (any, methods.len()) {
        return format!("\"{function}\"");
    }
    let lines = METHODS.iter().filter_map(|method| {
        let function = methods.get(method).or(any)?;
        Some(format!("    {{ method = \"{method}\", function = \"{function}\" }},\n"))
    });
    format!("[\n{}]", lines.collect::<String>())
}

/// Returns functions/not-found/src/routes.rs: each path with its methods, for `Allow`.
pub fn routes_rs(template: &Template) -> String {
    let mut rows = String::new();
    for (path, methods) in by_path(template) {
        let answered = methods.into_iter().filter(|(_, function)| *function != NOT_FOUND);
        let mut methods: BTreeSet<_> = answered.map(|(method, _)| method).collect();
        if !methods.is_empty() {
            methods.insert(OPTIONS);
            let methods: Vec<_> = methods.into_iter().collect();
            rows.push_str(&format!("    ({path:?}, &{methods:?}),\n"));
        }
    }
    format!(
        "//! The paths of the API, each with its methods. Fixed segments come before variable ones, so the first\n\
         //! path that matches is the right one.\n\
         //!\n\
         //! {NOTICE}\n\
         \n\
         #[rustfmt::skip]\n\
         pub const ROUTES: &[(&str, &[&str])] = &[\n\
         {rows}\
         ];\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
Resources:
  Get:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: doctors-get } }
    Properties:
      Events:
        Get: { Type: Api, Properties: { Method: GET, Path: "/api/doctors/{id}" } }
  Update:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: doctors-update } }
    Properties:
      Events:
        Put: { Type: Api, Properties: { Method: PUT, Path: "/api/doctors/{id}" } }
        Patch: { Type: Api, Properties: { Method: PATCH, Path: "/api/doctors/{id}" } }
  NotFound:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: not-found } }
    Properties:
      Events:
        Root: { Type: Api, Properties: { Method: ANY, Path: / } }
        Rest: { Type: Api, Properties: { Method: ANY, Path: "/{proxy+}" } }
        Id: { Type: Api, Properties: { Method: ANY, Path: "/api/doctors/{id}" } }
        Delete: { Type: Api, Properties: { Method: DELETE, Path: "/api/doctors/{id}" } }
"#;

    #[test]
    fn router_has_both_forms_of_a_path_and_every_method() {
        let each_method = r#"[
    { method = "GET", function = "doctors-get" },
    { method = "HEAD", function = "not-found" },
    { method = "POST", function = "not-found" },
    { method = "PUT", function = "doctors-update" },
    { method = "PATCH", function = "doctors-update" },
    { method = "DELETE", function = "not-found" },
    { method = "OPTIONS", function = "not-found" },
]"#;
        assert_eq!(
            cargo_lambda_toml(&Template::parse(TEMPLATE).unwrap()),
            format!(
                r#"# Generated from template.yaml by `cargo xtask generate`; do not edit.

[watch.router]
"/" = "not-found"
"/api/doctors/{{id}}" = {each_method}
"/api/doctors/{{id}}/" = {each_method}
"/{{*proxy}}" = "not-found"
"#
            )
        );
    }

    #[test]
    fn table_of_paths_has_the_methods_of_each_path() {
        assert_eq!(
            routes_rs(&Template::parse(TEMPLATE).unwrap()),
            r#"//! The paths of the API, each with its methods. Fixed segments come before variable ones, so the first
//! path that matches is the right one.
//!
//! Generated from template.yaml by `cargo xtask generate`; do not edit.

#[rustfmt::skip]
pub const ROUTES: &[(&str, &[&str])] = &[
    ("/api/doctors/{id}", &["GET", "OPTIONS", "PATCH", "PUT"]),
];
"#
        );
    }
}
