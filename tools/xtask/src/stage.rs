//! The stages in samconfig.toml.

use std::collections::BTreeMap;
use std::fs;

use ops::Result;
use repo::root::repository;
use serde::Deserialize;
use toml::Value;

const FILE: &str = "samconfig.toml";

/// The template's parameter, and its value, that select functions for ARM.
const ARM64: (&str, &str) = ("Architecture", "arm64");

/// A deployment of the stack, under a name.
#[derive(Debug)]
pub struct Stage {
    pub name: String,
    pub stack_name: String,
    /// The parameters that differ from template.yaml's defaults.
    parameters: BTreeMap<String, String>,
    /// Whether the stack cannot be deleted before somebody switches this off.
    pub is_protected: bool,
}

impl Stage {
    pub fn load(name: &str) -> Result<Self> {
        let text = fs::read_to_string(repository().join(FILE))
            .map_err(|error| format!("cannot read {FILE}: {error}"))?;
        Self::parse(&text, name)
    }

    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let mut tables: BTreeMap<String, Value> =
            toml::from_str(text).map_err(|error| format!("{FILE} is not TOML: {error}"))?;
        let Some(table) = tables.remove(name).filter(Value::is_table) else {
            let others = tables.iter().filter(|(_, value)| value.is_table());
            let others: Vec<_> = others.map(|(name, _)| name.as_str()).collect();
            return Err(format!("{FILE} has no stage {name}; it has {}", others.join(", ")).into());
        };
        let Section { global, xtask } = table
            .try_into()
            .map_err(|error| format!("{FILE}: the stage {name} is not valid: {error}"))?;
        let Parameters { stack_name, parameter_overrides } = global.parameters;
        let pairs = parameter_overrides.iter().filter_map(|pair| pair.split_once('='));
        let parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let is_protected = xtask.parameters.termination_protection;
        Ok(Self { name: name.to_owned(), stack_name, parameters, is_protected })
    }

    /// Whether its functions are built for ARM.
    pub fn is_arm64(&self) -> bool {
        let (name, value) = ARM64;
        self.parameters.get(name).is_some_and(|it| it == value)
    }
}

// `[<stage>.global.parameters]` in sam's configuration: the parameters of all its commands.

#[derive(Deserialize)]
struct Section {
    global: Global,
    #[serde(default)]
    xtask: Xtask,
}

/// `[<stage>.xtask.parameters]`, which sam does not read.
#[derive(Default, Deserialize)]
struct Xtask {
    #[serde(default)]
    parameters: OwnParameters,
}

#[derive(Default, Deserialize)]
struct OwnParameters {
    #[serde(default)]
    termination_protection: bool,
}

#[derive(Deserialize)]
struct Global {
    parameters: Parameters,
}

#[derive(Deserialize)]
struct Parameters {
    stack_name: String,
    /// Each is `Name=value`.
    #[serde(default)]
    parameter_overrides: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_is_read_from_samconfig() {
        let text = r#"
            version = 0.1
            [blue.global.parameters]
            stack_name = "clinic-blue"
            parameter_overrides = ["Architecture=arm64", "TokenIssuer=a=b"]
            [green.global.parameters]
            stack_name = "clinic-green"
            [green.xtask.parameters]
            termination_protection = true
        "#;
        let blue = Stage::parse(text, "blue").unwrap();
        assert_eq!(blue.stack_name, "clinic-blue");
        assert_eq!(blue.parameters["TokenIssuer"], "a=b");
        assert!(blue.is_arm64());
        let green = Stage::parse(text, "green").unwrap();
        assert!(!green.is_arm64());
        assert_eq!((blue.is_protected, green.is_protected), (false, true));
        for name in ["red", "version"] {
            let error = Stage::parse(text, name).unwrap_err().to_string();
            assert_eq!(error, format!("samconfig.toml has no stage {name}; it has blue, green"));
        }
    }

    /// A deployment would report it only after the functions are built and uploaded.
    #[test]
    fn stages_of_this_repository_set_only_parameters_of_the_template() {
        let template = fs::read_to_string(repository().join("template.yaml")).unwrap();
        for (name, stack_name) in [("dev", "healthcare-dev"), ("prod", "healthcare-prod")] {
            let stage = Stage::load(name).unwrap();
            assert_eq!(stage.stack_name, stack_name);
            assert!(!stage.parameters.is_empty());
            for parameter in stage.parameters.keys() {
                let is_one = ["String", "Number"].iter().any(|kind| {
                    template.contains(&format!("\n  {parameter}:\n    Type: {kind}\n"))
                });
                assert!(is_one, "{name}: {parameter} is not a parameter of template.yaml");
            }
        }
    }
}
