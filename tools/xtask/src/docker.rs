//! Docker: whether its engine runs, and how containers reach this machine.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::process::Command;

use ops::Result;

/// The name by which containers of Docker Desktop reach servers on the 127.0.0.1 of its machine.
const DESKTOP: &str = "host.docker.internal";

/// How containers reach servers on this machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Host {
    /// The address to listen on.
    pub address: IpAddr,
    /// The address that containers use.
    pub name: String,
}

/// Returns how containers reach this machine. Without an engine, the error says what to do.
pub fn host() -> Result<Host> {
    ask("docker", &["version", "--format", "{{.Server.Version}}"])?;
    let networks = "{{range .IPAM.Config}}{{println .Gateway .Subnet}}{{end}}";
    let networks = ask("docker", &["network", "inspect", "bridge", "--format", networks])?;
    Ok(host_behind(&networks))
}

/// Returns the bridge's own address, if this machine has it. Only containers, and others that can reach that address,
/// can connect to it. Otherwise returns Docker Desktop's name.
fn host_behind(networks: &str) -> Host {
    match networks.split_whitespace().find_map(gateway) {
        Some(gateway) if TcpListener::bind((gateway, 0)).is_ok() => {
            Host { address: gateway.into(), name: gateway.to_string() }
        }
        _ => Host { address: Ipv4Addr::LOCALHOST.into(), name: DESKTOP.to_owned() },
    }
}

/// Returns an address, or the first address of a subnet: a new engine's bridge has that one, and does not report it.
fn gateway(network: &str) -> Option<Ipv4Addr> {
    match network.split_once('/') {
        Some((first, _)) => {
            Some(Ipv4Addr::from_bits(first.parse::<Ipv4Addr>().ok()?.to_bits().checked_add(1)?))
        }
        None => network.parse().ok(),
    }
}

/// Runs docker and returns its output.
fn ask(docker: &str, arguments: &[&str]) -> Result<String> {
    match Command::new(docker).args(arguments).output() {
        Ok(answer) if answer.status.success() => {
            Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
        }
        Ok(answer) => {
            let stderr = String::from_utf8_lossy(&answer.stderr);
            let reason = stderr.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
            Err(format!("Docker's engine does not answer: start it first ({reason})").into())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let way_out = "install it, or use `cargo dev`, which needs no Docker";
            Err(format!("Docker is missing, but sam local needs it: {way_out}").into())
        }
        Err(error) => Err(format!("cannot run docker: {error}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_use_the_bridge_if_this_machine_has_it() {
        let bridge = Host { address: Ipv4Addr::LOCALHOST.into(), name: "127.0.0.1".to_owned() };
        for networks in ["fe80::1 fe80::/64\n127.0.0.1 127.0.0.0/16\n", " 127.0.0.0/8\n"] {
            assert_eq!(host_behind(networks), bridge, "{networks}");
        }
        let desktop = Host { name: DESKTOP.to_owned(), ..bridge };
        // A documentation address, which no machine has.
        assert_eq!(host_behind("192.0.2.1 192.0.2.0/24\n"), desktop);
        assert_eq!(host_behind("\n"), desktop);
    }

    #[test]
    fn missing_docker_or_engine_is_reported_in_one_line() {
        let error = ask("no-such-docker", &[]).unwrap_err().to_string();
        assert!(error.starts_with("Docker is missing"), "{error}");
        let error = ask("sh", &["-c", "echo 'Is the daemon running?' >&2; false"]).unwrap_err();
        let expected = "Docker's engine does not answer: start it first (Is the daemon running?)";
        assert_eq!(error.to_string(), expected);
    }
}
