//! The endpoint's operation in openapi.yaml.

use ops::Result;
use repo::openapi::{Contract, Operation};

use super::{Endpoint, insert_before};

const BODY: &str = "      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [note]
              properties: { note: { type: string } }
            example: { note: A note }
";

impl Endpoint {
    /// Adds the operation: to its path if the contract has that, and otherwise with its path before that of `health`.
    pub(super) fn contract(&self, text: &str) -> Result<String> {
        let before = Contract::parse(text)?;
        let Self { name, method, path } = self;
        let is_same = |other: &&Operation| {
            let has_same_path = other.path.trim_end_matches('/') == path;
            other.id == *name || other.method == *method && has_same_path
        };
        if let Some(other) = before.operations().iter().find(is_same) {
            return Err(format!("{} ({}) exists already", other.name(), other.id).into());
        }
        let key = format!("\n  {path}/:\n");
        let operation = self.operation();
        let text = match text.split_once(&key) {
            Some((before, after)) => format!("{before}{key}{operation}{after}"),
            None => insert_before(text, "\n  /api/health/:\n", &format!("{key}{operation}"))?,
        };
        if Contract::parse(&text)?.operations().len() != before.operations().len() + 1 {
            return Err("it does not contain the new operation".into());
        }
        Ok(text)
    }

    fn operation(&self) -> String {
        let (name, method) = (&self.name, self.method.to_lowercase());
        let (variables, has_body) = (self.variables(), self.has_body());
        let mut operation = format!(
            "    {method}:
      operationId: {name}
      x-role: staff
      tags: [Service]
      summary: Say here what it does
      description: Say here what it returns.
      security: [{{ bearer: [] }}]
"
        );
        if !variables.is_empty() {
            operation.push_str("      parameters:\n");
        }
        for variable in &variables {
            operation.push_str(&format!(
                "        - {{ name: {variable}, in: path, required: true, example: 7, schema: \
                 {{ $ref: \"#/components/schemas/Id\" }} }}\n"
            ));
        }
        if has_body {
            operation.push_str(BODY);
        }
        operation.push_str("      responses:\n");
        for (is_possible, status, response) in [
            (true, 204, "Done"),
            (true, 400, if has_body { "InvalidBody" } else { "InvalidQuery" }),
            (true, 401, "Unauthorized"),
            (true, 403, "PermissionDenied"),
            (!variables.is_empty(), 404, "NotFound"),
            (has_body, 413, "PayloadTooLarge"),
            (has_body, 415, "UnsupportedMediaType"),
            (true, 500, "InternalError"),
            (true, 503, "Unavailable"),
        ] {
            if is_possible {
                let reference = format!("$ref: \"#/components/responses/{response}\"");
                operation.push_str(&format!("        \"{status}\": {{ {reference} }}\n"));
            }
        }
        operation
    }
}
