use super::*;

#[test]
fn every_package_has_a_version_and_hashes() {
    for tool in TOOLS {
        assert!(tool.version().starts_with(|it: char| it.is_ascii_digit()), "{}", tool.name);
        let Source::PyPi(requirements) = tool.source else { continue };
        for package in requirements.replace("\\\n", "").lines() {
            let is_comment = package.starts_with('#');
            let is_pinned = package.contains("==") && package.contains("--hash=sha256:");
            assert!(is_comment || is_pinned, "{}: {package}", tool.name);
            assert!(!package.contains("://"), "{}: {package}", tool.name);
        }
    }
}

#[test]
fn folder_changes_with_every_package() {
    let tool = |requirements| Tool::python("a", "b", "python", requirements).folder();
    let first = tool("b==1.2 \\\n    --hash=sha256:00\nc==3 \\\n    --hash=sha256:01\n");
    let second = tool("b==1.2 \\\n    --hash=sha256:00\nc==4 \\\n    --hash=sha256:02\n");
    assert!(first.starts_with("a-1.2-"), "{first}");
    assert_ne!(first, second);
    assert_eq!(Tool::built("guard", "3.2").folder(), "guard-3.2");
}
