//! The endpoint's part of template.yaml.

use ops::Result;
use repo::routes::NOT_FOUND;
use repo::template::{ANY, Route, Template};

use super::{Endpoint, capitalized, find, insert_before, replaced, variable};

/// The route to `NotFound` of a path in the DefinitionBody of `Api`, without its last line break.
const OTHER_METHODS: &str = "            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: !GetAtt NotFoundUri.Value }";

/// The HEAD of `doctors-get`.
const HEAD: &str = "        Head: { Type: Api, Properties: { RestApiId: !Ref Api, Method: HEAD, Path: \"/api/doctors/{id}\" } }\n";

impl Endpoint {
    /// Adds the function with its role and policy before `Health`, and a route from its path's other methods to
    /// `NotFound`.
    pub(super) fn template(&self, text: &str) -> Result<String> {
        let before = Template::parse(text)?;
        self.check_name(text)?;
        self.check_route(&before)?;
        let path = &self.path;
        let mut text =
            insert_before(text, "\n  Health:\n", &format!("\n{}\n", self.resources(text)?))?;

        let any = Route { method: ANY.to_owned(), path: path.clone() };
        if !before.functions.get(NOT_FOUND).is_some_and(|it| it.routes.contains(&any)) {
            let route = format!("\n          \"{path}\":\n{OTHER_METHODS}");
            text = insert_before(&text, "\n          /api/health:\n", &route)?;
        }

        let after = Template::parse(&text)?;
        let head = (self.method == "GET").then_some("HEAD");
        let methods = [self.method.as_str()].into_iter().chain(head);
        let routes = methods.map(|it| Route { method: it.to_owned(), path: path.clone() });
        let routes: Vec<_> = routes.collect();
        let is_added = after.functions.get(&self.name).is_some_and(|it| it.routes == routes);
        if !is_added || after.functions.len() != before.functions.len() + 1 {
            return Err("it does not contain the new function".into());
        }
        Ok(text)
    }

    /// Refuses a name whose resources exist already.
    fn check_name(&self, text: &str) -> Result {
        for suffix in ["", "Role", "Policy"] {
            let id = self.camel_case() + suffix;
            if text.contains(&format!("\n  {id}:\n")) {
                return Err(format!("{id} exists already").into());
            }
        }
        Ok(())
    }

    /// Refuses a route that exists already, and a variable that API Gateway refuses: below one path, all variables
    /// need the same name.
    fn check_route(&self, template: &Template) -> Result {
        let Self { method, path, .. } = self;
        for route in template.functions.values().flat_map(|function| &function.routes) {
            if route.method == *method && route.path == *path {
                return Err(format!("{method} {path} exists already").into());
            }
            let mut pairs = path.split('/').zip(route.path.split('/'));
            if let Some((ours, theirs)) = pairs.find(|(ours, theirs)| ours != theirs)
                && variable(ours).is_some()
                && variable(theirs).is_some()
            {
                let other = &route.path;
                return Err(format!("{ours} must be named {theirs}, as in {other}").into());
            }
        }
        Ok(())
    }

    /// Returns the resources of `doctors-get`, renamed.
    fn resources(&self, text: &str) -> Result<String> {
        let start = find(text, "\n  DoctorsGet:\n")? + 1;
        let rest = text.get(start..).unwrap_or_default();
        let resources = rest.get(..find(rest, "\n\n  DoctorsMe:\n")?).unwrap_or_default();
        let Self { name, method, path } = self;
        // Only reads have more memory than the default.
        let memory = "\n      MemorySize: 512\n";
        let event = format!("\n        {}:\n", capitalized(&method.to_lowercase()));
        let route = format!("Method: {method}, Path: \"{path}\"");
        let head = HEAD.replace("/api/doctors/{id}", path);
        replaced(
            resources,
            &[
                (
                    "[DOCTOR#*, PATIENT#*, USER#*] },\n              \"Null\"",
                    "[USER#*] }, \"Null\"",
                ),
                (memory, if method == "GET" { memory } else { "\n" }),
                (HEAD, if method == "GET" { &head } else { "" }),
                ("\n        Get:\n", &event),
                ("DoctorsGet", &self.camel_case()),
                ("doctors-get", name),
                ("Method: GET, Path: \"/api/doctors/{id}\"", &route),
            ],
        )
    }
}
